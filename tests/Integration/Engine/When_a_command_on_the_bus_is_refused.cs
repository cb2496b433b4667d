using System.Collections.Concurrent;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts;
using Saga.Contracts.Events;
using Saga.Messaging;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

/// <summary>The bus is as strict as HTTP, and a refusal leaves a trace even if nobody waits for a reply.</summary>
public sealed class When_a_command_on_the_bus_is_refused
{
    private const string Good = """ "name": "Acme", "slug": "acme", "plan": "custom", "adminEmail": "admin@acme.example" """;

    [Theory]
    [InlineData("\"isolaton\": \"database\"", "validation", "/isolaton")]
    [InlineData("\"Isolation\": \"database\"", "validation", "/Isolation")]
    [InlineData("\"features\": {\"biometric_auth\": true}, \"x/y\": 1", "validation", "/x~1y")]
    [InlineData("\"isolation\": \"schema\", \"isolation\": \"database\"", "malformed-json", "")]
    [InlineData("\"timezone\": \"Nowhere/Here\"", "validation", "/timezone")]
    public async Task Should_be_logged_counted_audited_and_published(string extra, string code, string fields)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var broker = await RabbitServer.NewVirtualHostAsync();
        var heard = new Heard();
        await using var host = await EngineHost.StartAsync(registry, broker, [], (IServiceCollection services) =>
        {
            services.AddSingleton(heard);
            services.AddSingleton(new BusEndpoint("test-refusals", (_, endpoint) => endpoint.Consumer(() => heard)));
        });
        var id = Guid.CreateVersion7();

        await PublishAsync(broker, $"{{{Good}, {extra}}}", id);

        await Until.TrueAsync(() => Task.FromResult(!heard.Events.IsEmpty), "the refusal is published");
        var refused = heard.Events.First();
        refused.ShouldSatisfyAllConditions(
            r => r.Kind.ShouldBe("provision"), r => r.Code.ShouldBe(code), r => r.Caller.ShouldBe("bus"), r => r.MessageId.ShouldBe(id),
            r => string.Join(' ', r.Errors.Select(e => e.Pointer)).ShouldBe(fields));
        (await registry.ScalarAsync<string>("select actor || ' ' || origin || ' ' || outcome || ' ' || (detail->>'code') || ' ' || (detail->>'messageId') from audit where action = 'command.refuse'"))
            .ShouldBe($"bus bus refused {code} {id}");
        (await registry.ScalarAsync<long>("select count(*) from operations")).ShouldBe(0);
        (await registry.ScalarAsync<long>("select count(*) from tenants")).ShouldBe(0);
    }

    // Like any AMQP client.
    private static async Task PublishAsync(string broker, string body, Guid id)
    {
        var token = TestContext.Current.CancellationToken;
        await using var connection = await new RabbitMQ.Client.ConnectionFactory { Uri = new Uri(broker) }.CreateConnectionAsync(token);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: token);
        await channel.BasicPublishAsync(
            exchange: "", routingKey: Endpoints.Commands, mandatory: true,
            new RabbitMQ.Client.BasicProperties { ContentType = "application/json", MessageId = id.ToString() }, System.Text.Encoding.UTF8.GetBytes(body), token);
    }

    private sealed class Heard : IConsumer<CommandRefused>
    {
        public ConcurrentQueue<CommandRefused> Events { get; } = new();

        public Task Consume(ConsumeContext<CommandRefused> context)
        {
            Events.Enqueue(context.Message);
            return Task.CompletedTask;
        }
    }
}
