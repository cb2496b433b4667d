using System.Collections.Concurrent;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.Steps;
using Saga.Messaging;
using Saga.Messaging.Pausing;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Messaging;

public sealed class When_the_registry_is_away : IConsumer<OperationDue>, IAsyncLifetime
{
    private readonly ConcurrentQueue<Guid> tried = new();
    private readonly ConcurrentQueue<Guid> done = new();
    private volatile bool away;
    private volatile bool answers;
    private ServiceProvider services = null!;

    public async ValueTask InitializeAsync()
    {
        services = new ServiceCollection().AddLogging()
            .AddSingleton(new Prerequisite("registry", e => e is TimeoutException, e => e is IOException, _ => Task.FromResult(answers)))
            .AddSagaBus(new ConfigurationBuilder().AddInMemoryCollection([new("Saga:Bus:Adapter", "inmemory")]).Build())
            .AddSingleton(new BusEndpoint("test", (provider, endpoint) =>
            {
                endpoint.UseTransientRetry(provider);
                endpoint.Instance(this);
            }))
            .BuildServiceProvider();
        await services.GetRequiredService<IBusControl>().StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await services.GetRequiredService<IBusControl>().StopAsync();
        await services.DisposeAsync();
    }

    [Fact]
    public async Task Should_consume_nothing_until_it_answers_and_then_everything()
    {
        away = true;
        await SendAsync();
        await Until.TrueAsync(() => Task.FromResult(!services.GetRequiredService<Gate>().IsOpen), "the outage is met");
        for (var count = 0; count < 20; count++)
            await SendAsync();

        tried.Count.ShouldBe(1, "nothing probes it meanwhile");
        away = false;
        answers = true;

        await Until.TrueAsync(() => Task.FromResult(done.Count == 21), "all are consumed");
        tried.Count.ShouldBe(22);
    }

    [Fact]
    public async Task Should_keep_trying_a_message_that_finds_it_away_although_it_answers()
    {
        (away, answers) = (true, true);
        await SendAsync();
        await Until.TrueAsync(() => Task.FromResult(tried.Count > 3), "it is tried again");

        away = false;

        await Until.TrueAsync(() => Task.FromResult(done.Count == 1), "it is consumed");
    }

    Task IConsumer<OperationDue>.Consume(ConsumeContext<OperationDue> context)
    {
        tried.Enqueue(context.Message.OperationId);
        if (away)
            throw new TimeoutException("No answer.");
        done.Enqueue(context.Message.OperationId);
        return Task.CompletedTask;
    }

    private async Task SendAsync()
    {
        var endpoint = await services.GetRequiredService<IBus>().GetSendEndpoint(new Uri("queue:test"));
        await endpoint.Send(new OperationDue { OperationId = Guid.CreateVersion7() });
    }
}
