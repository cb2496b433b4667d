using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Saga.Contracts.Steps;
using Saga.Orchestrator;
using Saga.Orchestrator.Admission;
using Saga.Orchestrator.Outbox;
using Saga.Orchestrator.Sweep;
using Saga.Registry.Outbox;
using Saga.Registry.Sweep;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Orchestrator;

/// <summary>The sweeper with a backlog. Its clock stands still, so nothing waits for a tick.</summary>
public sealed class When_many_operations_are_due
{
    private const int Page = 200;

    [Fact]
    public async Task Should_wake_all_of_them_without_waiting_for_the_next_tick()
    {
        var store = new Backlog((2 * Page) + 50);
        var sender = new Sender((_, _) => Task.CompletedTask);

        await SweepAsync(store, sender, () => sender.Sent.Count == (2 * Page) + 50);

        sender.Sent.Distinct().Count().ShouldBe((2 * Page) + 50);
    }

    [Fact]
    public async Task Should_send_a_page_at_once()
    {
        var store = new Backlog(Page);
        var all = new TaskCompletionSource();
        var begun = 0;
        // The broker answers only after it has received all of them.
        var sender = new Sender((_, cancellationToken) =>
        {
            if (Interlocked.Increment(ref begun) == Page)
                all.SetResult();
            return all.Task.WaitAsync(cancellationToken);
        });

        await SweepAsync(store, sender, () => sender.Sent.Count == Page);
    }

    [Fact]
    public async Task Should_wake_the_others_when_one_cannot_be_woken()
    {
        var store = new Backlog(10);
        var sender = new Sender((operation, _) => operation == store.First ? throw new TimeoutException("The broker is away.") : Task.CompletedTask);

        await SweepAsync(store, sender, () => sender.Sent.Count == 9);

        sender.Sent.ShouldNotContain(store.First);
    }

    [Fact]
    public async Task Should_give_up_a_send_before_the_operation_is_due_again()
    {
        var time = new TestClock();
        var store = new Backlog(1);
        var gaveUp = new TaskCompletionSource();
        var sender = new Sender(async (_, cancellationToken) =>
        {
            try
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
            finally
            {
                gaveUp.TrySetResult();
            }
        });

        await SweepAsync(store, sender, () =>
        {
            if (store.PutOff > TimeSpan.Zero && !gaveUp.Task.IsCompleted)
                time.Advance(TimeSpan.FromMilliseconds(500));
            return gaveUp.Task.IsCompleted;
        }, time);

        (time.GetUtcNow() - new TestClock().GetUtcNow()).ShouldBeLessThan(store.PutOff);
    }

    private static async Task SweepAsync(Backlog store, Sender sender, Func<bool> until, TestClock? time = null)
    {
        using var sweeper = new DueSweeper(store, sender, new AdmissionSignal(), Options.Create(new OrchestratorOptions()), time ?? new TestClock(), NullLogger<DueSweeper>.Instance);
        await sweeper.StartAsync(default);
        await Until.TrueAsync(() => Task.FromResult(until()), "all that is due is woken");
        await sweeper.StopAsync(default);
    }

    private sealed class Backlog(int count) : ISweepStore
    {
        private readonly ConcurrentQueue<Guid> due = new(Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7()).Order());

        public Guid First { get; private set; }

        public TimeSpan PutOff { get; private set; }

        public Task<DueOperations> TakeDueAsync(int limit, TimeSpan putOff, CancellationToken cancellationToken)
        {
            var taken = new List<SweptOperation>();
            while (taken.Count < limit && due.TryDequeue(out var id))
                taken.Add(new SweptOperation(id, null));
            if (taken.Count > 0)
                First = taken[0].Id;
            PutOff = putOff;
            return Task.FromResult(new DueOperations(taken, 0));
        }

        public Task<IReadOnlyList<SweptOperation>> ListUnfinishedAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class Sender(Func<Guid, CancellationToken, Task> send) : IOutboxSender
    {
        public ConcurrentBag<Guid> Sent { get; } = [];

        public async Task SendAsync(OutboxMessage message, CancellationToken cancellationToken)
        {
            var operation = ((OperationDue)message.Message).OperationId;
            await send(operation, cancellationToken);
            Sent.Add(operation);
        }
    }
}
