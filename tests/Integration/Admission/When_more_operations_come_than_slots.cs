using System.Collections.Concurrent;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Registry.Admission;
using Saga.Registry;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Admission;

public sealed class When_more_operations_come_than_slots
{
    [Fact]
    public async Task Should_finish_one_after_the_other_with_no_more_at_work_than_slots()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var queued = await QueuedOperations.QueueAsync(registry, EngineHost.Chain("one", "two", "three"), 30);
        var atWork = new ConcurrentDictionary<Guid, int>();
        var most = 0;
        var ended = new ConcurrentQueue<Guid>();
        await using var host = await EngineHost.StartAsync(registry, null,
            [
                new ScriptedStep("one") { OnExecute = (context, _) => { atWork[context.OperationId] = 1; InterlockedMax(ref most, atWork.Count); return Task.CompletedTask; } },
                new ScriptedStep("two"),
                new ScriptedStep("three") { OnExecute = (context, _) => { atWork.TryRemove(context.OperationId, out int _); ended.Enqueue(context.OperationId); return Task.CompletedTask; } },
            ],
            settings: ("Saga:Admission:Slots", "3"));
        foreach (var operation in queued)
            (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        most.ShouldBeLessThanOrEqualTo(3);
        // First come, first served: with three slots, no operation overtakes more than two others.
        ended.Select((operation, index) => Math.Abs(queued.IndexOf(operation) - index)).Max().ShouldBeLessThanOrEqualTo(3);
    }

    [Fact]
    public async Task Should_let_others_continue_while_one_waits_for_its_next_attempt()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var workflow = EngineHost.Chain("one");
        workflow = workflow with { Steps = [workflow.Steps[0] with { Backoff = TimeSpan.FromSeconds(60), BackoffLimit = TimeSpan.FromMinutes(5) }] };
        var fails = await QueuedOperations.QueueAsync(registry, workflow);
        var others = await QueuedOperations.QueueAsync(registry, workflow, 3);
        var failed = 0;
        await using var host = await EngineHost.StartAsync(registry, null,
            [
                new ScriptedStep("one")
                {
                    OnExecute = (context, _) => context.OperationId == fails && Interlocked.Increment(ref failed) == 1
                        ? throw StepFailureException.Transient("test", "It fails once.")
                        : Task.CompletedTask,
                },
            ],
            settings: ("Saga:Admission:Slots", "1"));
        foreach (var operation in others)
            (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        failed.ShouldBeGreaterThanOrEqualTo(1);
    }

    [Fact]
    public async Task Should_compensate_without_a_slot()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var workflow = EngineHost.Chain("one", "two");
        var fails = await QueuedOperations.QueueAsync(registry, workflow);
        var next = await QueuedOperations.QueueAsync(registry, workflow);
        var undone = new TaskCompletionSource();
        await using var host = await EngineHost.StartAsync(registry, null,
            [
                new ScriptedStep("one") { OnCompensate = (_, cancellationToken) => undone.Task.WaitAsync(cancellationToken) },
                new ScriptedStep("two") { OnExecute = (context, _) => context.OperationId == fails ? throw StepFailureException.Permanent("test", "No.") : Task.CompletedTask },
            ],
            settings: ("Saga:Admission:Slots", "1"));
        (await host.EndAsync(next)).ShouldBe(OperationState.Completed);
        undone.SetResult();
        (await host.EndAsync(fails)).ShouldBe(OperationState.Compensated);
    }

    [Fact]
    public async Task Should_wake_again_an_operation_whose_wake_was_lost()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var operation = await QueuedOperations.QueueAsync(registry, EngineHost.Chain("one"));
        // A process admitted it and died before it sent anything.
        (await new SqlAdmissionStore(registry, new RegistryClock()).AdmitAsync(1, TimeSpan.Zero, default)).Operations.ShouldHaveSingleItem();
        // On RabbitMQ: the in-memory bus wakes every unfinished operation at its start.
        await using var host = await EngineHost.StartAsync(registry, await RabbitServer.NewVirtualHostAsync(), [new ScriptedStep("one")], settings: ("Saga:Admission:Slots", "1"));
        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref most)) < value && Interlocked.CompareExchange(ref most, value, seen) != seen)
        {
        }
    }
}
