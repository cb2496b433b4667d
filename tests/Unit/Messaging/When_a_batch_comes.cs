using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts;
using Saga.Contracts.DeadLetters;
using Saga.Contracts.Steps;
using Saga.Messaging;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Messaging;

public sealed class When_a_batch_comes
{
    private static readonly TimeSpan Limit = WaitLimit.Seconds(30);

    [Fact]
    public async Task Should_hand_out_each_message_under_its_own_id_and_type()
    {
        await using var bus = await Bus.StartAsync();
        var (due, forgotten) = (Due(), BatchedMessage.Of(Guid.CreateVersion7(), new OperationForgotten { OperationId = Guid.CreateVersion7() }, null));

        await bus.SendAsync(due, forgotten);

        await bus.Completed;
        bus.Seen.ShouldBe([(due.Id, typeof(OperationDue)), (forgotten.Id, typeof(OperationForgotten))], ignoreOrder: true);
        bus.Operations.ShouldBe([OperationOf(due), OperationOf(forgotten)], ignoreOrder: true);
    }

    [Fact]
    public async Task Should_retry_only_the_message_that_failed()
    {
        await using var bus = await Bus.StartAsync();
        var messages = new[] { Due(), Due(), Due() };
        var failed = 0;
        bus.OnMessage = id => id == messages[1].Id && Interlocked.Increment(ref failed) <= 2 ? throw new InvalidOperationException("not yet") : Task.CompletedTask;

        await bus.SendAsync(messages);

        await bus.Completed;
        bus.Seen.Count(s => s.Id == messages[1].Id).ShouldBe(3);
        bus.Seen.Count.ShouldBe(5);
    }

    [Theory]
    [InlineData("Saga.Contracts.Steps.OperationForeseen", """{"operationId": "01a1fee0-d7d9-75c9-9171-1464a62054bb"}""", DeadLetterReasons.TypeUnknown)]
    [InlineData("Saga.Contracts.Steps.OperationDue", """{"operation": 7}""", DeadLetterReasons.Unreadable)]
    [InlineData("Saga.Contracts.Commands.OperationAccepted", """{"operationId": "01a1fee0-d7d9-75c9-9171-1464a62054bb", "tenantId": "01a1fee0-d7d9-75c9-9171-1464a62054bb", "location": "/"}""", DeadLetterReasons.NoConsumer)]
    public async Task Should_move_out_only_the_message_that_cannot_be_consumed(string type, string body, string reason)
    {
        await using var bus = await Bus.StartAsync();
        var known = Due();
        var stranger = Due() with { Type = type, Body = JsonDocument.Parse(body).RootElement };

        await bus.SendAsync(stranger, known);

        await bus.Completed;
        await Until.TrueAsync(() => Task.FromResult(!bus.Seen.IsEmpty), "the other is consumed");
        bus.Seen.ShouldBe([(known.Id, typeof(OperationDue))]);
        var letter = await bus.DeadLetter;
        (letter.Queue, letter.MessageId, letter.MessageType, letter.Reason).ShouldBe(("test", stranger.Id, type, reason));
        JsonElement.DeepEquals(JsonDocument.Parse(letter.Body).RootElement, stranger.Body).ShouldBeTrue();
        letter.Detail.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Should_move_out_a_message_that_fails_permanently()
    {
        await using var bus = await Bus.StartAsync();
        var (failed, known) = (Due(), Due());
        bus.OnMessage = id => id == failed.Id ? throw new InvalidOperationException("never") : Task.CompletedTask;

        await bus.SendAsync(failed, known);

        await bus.Completed;
        await Until.TrueAsync(() => Task.FromResult(bus.Seen.Select(s => s.Id).Distinct().Count() == 2), "both were tried");
        var letter = await bus.DeadLetter;
        (letter.MessageId, letter.Reason).ShouldBe((failed.Id, DeadLetterReasons.Failed));
        letter.Detail.ShouldContain("never");
    }

    // A queue that was filled before the rename contains them.
    [Fact]
    public async Task Should_be_read_under_its_former_name()
    {
        await using var bus = await Bus.StartAsync();
        var due = Due();

        await bus.SendAsync("urn:message:Saga.Messaging:Bundle", due);

        await bus.Completed;
        bus.Seen.ShouldBe([(due.Id, typeof(OperationDue))]);
    }

    [Fact]
    public async Task Should_work_on_no_more_messages_at_once_than_the_endpoint_may()
    {
        await using var bus = await Bus.StartAsync();
        var (now, most) = (0, 0);
        bus.OnMessage = async _ =>
        {
            var mine = Interlocked.Increment(ref now);
            InterlockedMax(ref most, mine);
            await Task.Yield();
            Interlocked.Decrement(ref now);
        };

        await bus.SendAsync([.. Enumerable.Range(0, 200).Select(_ => Due())]);

        await bus.Completed;
        bus.Seen.Count.ShouldBe(200);
        most.ShouldBeInRange(2, Bus.Concurrency);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Should_continue_with_the_trace_of_each_whether_or_not_it_is_recorded(bool recorded)
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => recorded && source.Name == MessagingTelemetry.SourceName,
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        await using var bus = await Bus.StartAsync();
        var traced = Due() with { TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
        var plain = Due();
        var traces = new ConcurrentDictionary<Guid, string?>();
        bus.OnMessage = id =>
        {
            traces[id] = Activity.Current?.TraceId.ToString();
            return Task.CompletedTask;
        };

        await bus.SendAsync(traced, plain);

        await bus.Completed;
        traces[traced.Id].ShouldBe("0af7651916cd43dd8448eb211c80319c");
        traces[plain.Id].ShouldNotBe("0af7651916cd43dd8448eb211c80319c");
    }

    private static BatchedMessage Due() => BatchedMessage.Of(Guid.CreateVersion7(), new OperationDue { OperationId = Guid.CreateVersion7() }, null);

    private static Guid OperationOf(BatchedMessage message) => message.Body.GetProperty("operationId").GetGuid();

    private static void InterlockedMax(ref int most, int mine)
    {
        int before;
        while ((before = Volatile.Read(ref most)) < mine)
            Interlocked.CompareExchange(ref most, mine, before);
    }

    private sealed class Bus : IConsumer<OperationDue>, IConsumer<OperationForgotten>, IReceiveObserver, IAsyncDisposable
    {
        public const int Concurrency = 4;
        private const string Queue = "test";
        private readonly TaskCompletionSource completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<DeadLetter> dead = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private ServiceProvider services = null!;

        public Func<Guid, Task> OnMessage { get; set; } = _ => Task.CompletedTask;

        public ConcurrentQueue<(Guid Id, Type Type)> Seen { get; } = new();

        public ConcurrentQueue<Guid> Operations { get; } = new();

        /// <summary>Completes with the outcome of the first message on the bus.</summary>
        public Task Completed => completed.Task.WaitAsync(Limit);

        public Task<DeadLetter> DeadLetter => dead.Task.WaitAsync(Limit);

        public static async Task<Bus> StartAsync()
        {
            var bus = new Bus();
            var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Saga:Bus:Adapter", "inmemory")]).Build();
            bus.services = new ServiceCollection().AddLogging().AddSagaBus(configuration)
                .AddSingleton(new BusEndpoint(Queue, (_, endpoint) =>
                {
                    endpoint.UseMessageRetry(r => r.Immediate(2));
                    endpoint.Instance(bus);
                }, Concurrency))
                .AddSingleton(new BusEndpoint(Endpoints.DeadLetters, (_, endpoint) => endpoint.Instance(new Letters(bus.dead))))
                .BuildServiceProvider();
            await bus.services.GetRequiredService<IBusControl>().StartAsync();
            bus.services.GetRequiredService<IBusControl>().ConnectReceiveObserver(bus);
            return bus;
        }

        public async Task SendAsync(params BatchedMessage[] messages)
        {
            var endpoint = await services.GetRequiredService<IBus>().GetSendEndpoint(new Uri($"queue:{Queue}"));
            await endpoint.Send(new MessageBatch { Messages = messages });
        }

        public async Task SendAsync(string urn, BatchedMessage message)
        {
            var endpoint = await services.GetRequiredService<IBus>().GetSendEndpoint(new Uri($"queue:{Queue}"));
            await endpoint.Send(new MessageBatch { Messages = [message] }, c => c.SupportedMessageTypes = [urn]);
        }

        public Task Consume(ConsumeContext<OperationDue> context) => SeeAsync(context, context.Message.OperationId);

        public Task Consume(ConsumeContext<OperationForgotten> context) => SeeAsync(context, context.Message.OperationId);

        public Task PreReceive(ReceiveContext context) => Task.CompletedTask;

        public Task PostReceive(ReceiveContext context)
        {
            completed.TrySetResult();
            return Task.CompletedTask;
        }

        public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
            where T : class => Task.CompletedTask;

        public Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception)
            where T : class => Task.CompletedTask;

        public Task ReceiveFault(ReceiveContext context, Exception exception)
        {
            completed.TrySetException(exception);
            return Task.CompletedTask;
        }

        public async ValueTask DisposeAsync()
        {
            await services.GetRequiredService<IBusControl>().StopAsync();
            await services.DisposeAsync();
        }

        private Task SeeAsync<T>(ConsumeContext<T> context, Guid operation)
            where T : class
        {
            Seen.Enqueue((context.MessageId!.Value, typeof(T)));
            Operations.Enqueue(operation);
            return OnMessage(context.MessageId.Value);
        }
    }

    private sealed class Letters(TaskCompletionSource<DeadLetter> first) : IConsumer<DeadLetter>
    {
        public Task Consume(ConsumeContext<DeadLetter> context)
        {
            first.TrySetResult(context.Message);
            return Task.CompletedTask;
        }
    }
}
