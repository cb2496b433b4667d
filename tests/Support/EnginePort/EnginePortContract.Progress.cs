using Saga.Engine.Operations;
using Saga.Registry.Leases;
using Saga.Registry.Transitions;
using Shouldly;
using Xunit;

namespace Saga.Tests.Support.EnginePort;

// What a step reports of its progress, and where its next attempt may begin.
public abstract partial class EnginePortContract
{
    [Fact]
    public async Task Should_write_progress_with_a_renewal_and_without_a_transition()
    {
        var operation = await DispatchedAsync(1);
        await CommitAsync(Change(operation) with { Row = new StoredOperation(OperationState.Running, null, null) });
        var history = await World.HistoryAsync(operation);
        await using var session = World.Leases.OpenSession(waitsForDisk: true);
        var lease = Lease(operation, 1);
        await session.TakeAsync([new LeaseRequest(lease, TimeSpan.FromSeconds(20), DateTimeOffset.MaxValue)], [], Span, default);
        (await LoadAsync(operation)).Steps[0].ProgressedAt.ShouldBeNull();
        for (var turn = 1; turn <= 5; turn++)
        {
            World.Advance(TimeSpan.FromSeconds(14));
            var now = await NowAsync();
            (await ReportAsync(session, lease, turn, TimeSpan.FromSeconds(20))).ShouldHaveSingleItem().ShouldBe(lease.Holder);
            (await LoadAsync(operation)).Steps[0].ProgressedAt.ShouldNotBeNull().ShouldBe(now, TimeSpan.FromSeconds(5));
            (await SweepAsync()).ShouldBeEmpty("the attempt's end moves with its progress");
        }

        World.Advance(TimeSpan.FromSeconds(14));
        (await RenewAsync(session, lease)).ShouldHaveSingleItem("it is alive, but makes no progress");
        (await SweepAsync()).ShouldBeEmpty("20 seconds without progress are not over");
        World.Advance(TimeSpan.FromSeconds(7));
        (await SweepAsync()).ShouldBe([operation]);
        (await World.HistoryAsync(operation)).ShouldBe(history);
        await CommitAsync(Change(operation, Dispatched(2)));
        (await LoadAsync(operation)).Steps[0].ProgressedAt.ShouldBeNull("this is another dispatch");
    }

    [Fact]
    public async Task Should_not_move_the_fixed_end_of_an_attempt_by_progress()
    {
        var operation = await DispatchedAsync(1);
        await CommitAsync(Change(operation) with { Row = new StoredOperation(OperationState.Running, null, null) });
        await using var session = World.Leases.OpenSession(waitsForDisk: true);
        var lease = Lease(operation, 1);
        await session.TakeAsync([new LeaseRequest(lease, TimeSpan.FromSeconds(20), DateTimeOffset.MaxValue)], [], Span, default);
        World.Advance(TimeSpan.FromSeconds(14));

        await ReportAsync(session, lease, 1, stallAfter: null);

        World.Advance(TimeSpan.FromSeconds(7));
        (await SweepAsync()).ShouldBe([operation]);
    }

    [Fact]
    public async Task Should_hand_the_checkpoint_to_the_next_attempt_in_the_same_direction_only()
    {
        var operation = await DispatchedAsync(1);
        await using var session = World.Leases.OpenSession(waitsForDisk: true);
        var first = Lease(operation, 1);
        (await session.TakeAsync([Request(first)], [], Span, default)).ByHolder[first.Holder].Checkpoint.ShouldBeNull();
        await ReportAsync(session, first, 1, null, """{"row": 1}""");
        await ReportAsync(session, first, 2, null);
        await CommitAsync(Change(operation, new StepChange(new StepRun { Name = "one", Status = StepStatus.Waiting, Fence = 1, Attempt = 1 }, 1)));
        await CommitAsync(Change(operation, Dispatched(2)));
        var second = Lease(operation, 2);
        (await session.TakeAsync([Request(second)], [], Span, default)).ByHolder[second.Holder].Checkpoint.ShouldBe("""{"row": 1}""");
        // A stale attempt cannot change it.
        (await ReportAsync(session, first, 3, null, """{"row": 3}""")).ShouldBeEmpty();

        await CommitAsync(Change(operation, new StepChange(new StepRun { Name = "one", Status = StepStatus.Compensating, Fence = 3, Attempt = 1 }, 2)));
        var back = Lease(operation, 3);
        (await session.TakeAsync([Request(back)], [], Span, default)).ByHolder[back.Holder].Checkpoint.ShouldBeNull("it is another direction");
        await ReportAsync(session, back, 1, null, """{"row": 9}""");
        await CommitAsync(Change(operation, new StepChange(new StepRun { Name = "one", Status = StepStatus.CompensationWaiting, Fence = 3, Attempt = 1 }, 3)));
        await CommitAsync(Change(operation, new StepChange(new StepRun { Name = "one", Status = StepStatus.Compensating, Fence = 4, Attempt = 2 }, null)));
        var again = Lease(operation, 4);
        (await session.TakeAsync([Request(again)], [], Span, default)).ByHolder[again.Holder].Checkpoint.ShouldBe("""{"row": 9}""");
    }

    [Fact]
    public async Task Should_forget_the_checkpoint_of_a_step_that_succeeded()
    {
        var operation = await DispatchedAsync(1);
        await using var session = World.Leases.OpenSession(waitsForDisk: true);
        var lease = Lease(operation, 1);
        await session.TakeAsync([Request(lease)], [], Span, default);
        await ReportAsync(session, lease, 1, null, """{"row": 1}""");

        await CommitAsync(Change(operation, new StepChange(new StepRun { Name = "one", Status = StepStatus.Succeeded, Fence = 1, Attempt = 1 }, 1)));

        await CommitAsync(Change(operation, Dispatched(2)));
        var next = Lease(operation, 2);
        (await session.TakeAsync([Request(next)], [], Span, default)).ByHolder[next.Holder].Checkpoint.ShouldBeNull();
    }

    private static async Task<IReadOnlySet<Guid>> ReportAsync(ILeaseSession session, StepLease lease, long done, TimeSpan? stallAfter, string? checkpoint = null) =>
        (await session.RenewAsync([lease], None, Span, TimeSpan.Zero, default, new Dictionary<StepLease, LeaseProgress>
        {
            [lease] = new(new StepProgress { Done = done, Total = 100, Unit = "rows" }, checkpoint, stallAfter),
        })).Renewed;
}
