using Saga.Engine.Operations;
using Saga.Registry.Transitions;
using Shouldly;
using Xunit;

namespace Saga.Tests.Support.EnginePort;

public abstract partial class EnginePortContract
{
    private static readonly TimeSpan PutOff = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Should_give_a_due_operation_to_one_sweeper()
    {
        var now = await NowAsync();
        var due = new List<Guid>();
        for (var i = 0; i < 30; i++)
            due.Add(await DueAsync(now.AddSeconds(-1)));

        var taken = await TogetherAsync(3, async _ =>
        {
            var mine = new List<Guid>();
            // A sweep skips rows that others have locked, so repeat until nothing is left.
            for (var empty = 0; empty < 3;)
            {
                var page = await World.Sweep.TakeDueAsync(4, PutOff, default);
                page.Count.ShouldBeLessThanOrEqualTo(4);
                mine.AddRange(page.Taken.Select(o => o.Id));
                empty = page.Count == 0 ? empty + 1 : 0;
            }

            return mine;
        });

        taken.SelectMany(t => t).Order().ShouldBe(due.Order());
    }

    [Fact]
    public async Task Should_wake_an_operation_when_it_is_due_and_again_when_it_did_not_move()
    {
        var operation = await DueAsync((await NowAsync()).AddSeconds(5));

        (await SweepAsync()).ShouldBeEmpty();
        World.Advance(TimeSpan.FromSeconds(6));
        (await SweepAsync()).ShouldBe([operation]);
        (await SweepAsync()).ShouldBeEmpty();
        World.Advance(PutOff + TimeSpan.FromSeconds(1));
        (await SweepAsync()).ShouldBe([operation]);
    }

    [Fact]
    public async Task Should_wake_those_first_that_are_due_longest()
    {
        var now = await NowAsync();
        var late = await DueAsync(now.AddSeconds(-1));
        var later = await DueAsync(now.AddSeconds(-60));

        (await World.Sweep.TakeDueAsync(1, PutOff, default)).Taken.Single().Id.ShouldBe(later);
        (await World.Sweep.TakeDueAsync(1, PutOff, default)).Taken.Single().Id.ShouldBe(late);
    }

    [Fact]
    public async Task Should_leave_out_what_a_transition_has_locked()
    {
        var now = await NowAsync();
        var (locked, free) = (await DueAsync(now.AddSeconds(-1)), await DueAsync(now.AddSeconds(-1)));
        await using var session = World.Transitions.OpenSession();
        await using (await session.BeginAsync([new OperationMessage(locked, Guid.NewGuid())], default))
            (await SweepAsync()).ShouldBe([free]);

        (await SweepAsync()).ShouldBe([locked]);
    }

    [Fact]
    public async Task Should_let_one_that_gave_its_slot_back_wait_for_another()
    {
        var now = await NowAsync();
        var operation = await DueAsync(now.AddSeconds(-1), SlotState.Released);

        var due = await World.Sweep.TakeDueAsync(200, PutOff, default);

        due.Taken.ShouldBeEmpty();
        due.Queued.ShouldBe(1);
        var stored = (await LoadAsync(operation)).Stored;
        stored.Slot.ShouldBe(SlotState.Queued);
        stored.DueAt.ShouldBeNull();
    }

    [Fact]
    public async Task Should_not_wake_one_for_its_worker_that_begins_to_wait_for_a_slot()
    {
        var operation = await DispatchedAsync(1);
        var lease = Lease(operation, 1);
        await TakeAsync(lease);
        await using var session = World.Leases.OpenSession(waitsForDisk: true);
        await RenewAsync(session, lease);
        await CommitAsync(Change(operation) with { Row = new StoredOperation(OperationState.Running, null, await NowAsync(), SlotState.Released) });
        World.Advance((2 * Span) + TimeSpan.FromSeconds(1));

        var due = await World.Sweep.TakeDueAsync(200, PutOff, default);

        due.Taken.ShouldBeEmpty();
        due.Queued.ShouldBe(1);
    }

    [Fact]
    public async Task Should_list_what_is_neither_ended_nor_stalled()
    {
        var unfinished = new List<Guid>();
        foreach (var state in Enum.GetValues<OperationState>())
        {
            var operation = await World.AcceptAsync(Workflow);
            await CommitAsync(Change(operation) with { Row = new StoredOperation(state, null, null) });
            if (state is OperationState.Accepted or OperationState.Running or OperationState.Compensating)
                unfinished.Add(operation);
        }

        (await World.Sweep.ListUnfinishedAsync(default)).Select(o => o.Id).Order().ShouldBe(unfinished.Order());
    }

    [Fact]
    public async Task Should_have_one_clock_which_a_test_can_move()
    {
        var before = await NowAsync();
        (before - TimeProvider.System.GetUtcNow()).Duration().ShouldBeLessThan(TimeSpan.FromMinutes(1));

        World.Advance(TimeSpan.FromHours(2));

        var after = await NowAsync();
        (after - before).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromHours(2));
        (after - before).ShouldBeLessThan(TimeSpan.FromHours(2) + TimeSpan.FromMinutes(1));
        // Due times are compared with the same clock.
        var operation = await DueAsync(after.AddSeconds(-1));
        (await SweepAsync()).ShouldContain(operation);
    }

    private async Task<IReadOnlyList<Guid>> SweepAsync() => [.. (await World.Sweep.TakeDueAsync(200, PutOff, default)).Taken.Select(o => o.Id)];
}
