using Saga.Engine.Operations;
using Saga.Registry.Leases;
using Saga.Registry.Transitions;
using Shouldly;
using Xunit;

namespace Saga.Tests.Support.EnginePort;

public abstract partial class EnginePortContract
{
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(15);

    private static readonly HashSet<StepLease> None = [];

    [Fact]
    public async Task Should_have_one_winner_of_two_that_take_a_lease()
    {
        const int Rounds = 100;
        var operation = await World.AcceptAsync(EngineHost.Chain([.. Enumerable.Range(0, Rounds).Select(i => $"step-{i}")]));
        await CommitAsync(Change(operation, [.. Enumerable.Range(0, Rounds).Select(i => Dispatched(1, $"step-{i}"))]));
        await using var first = World.Leases.OpenSession(waitsForDisk: false);
        await using var second = World.Leases.OpenSession(waitsForDisk: false);
        for (var round = 0; round < Rounds; round++)
        {
            StepLease[] leases = [Lease(operation, 1, $"step-{round}"), Lease(operation, 1, $"step-{round}")];

            var answers = await TogetherAsync(2, index => TakeAsync(index == 0 ? first : second, leases[index]));

            answers.Count(a => a == LeaseAnswer.Taken).ShouldBe(1, $"round {round}");
            (await World.Leases.HoldsAsync(leases[Array.IndexOf(answers, LeaseAnswer.Taken)], default)).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task Should_end_a_lease_by_its_own_clock()
    {
        var operation = await DispatchedAsync(1);
        var lost = Lease(operation, 1);
        (await TakeAsync(lost)).ShouldBe(LeaseAnswer.Taken);
        await CommitAsync(Change(operation, Dispatched(2)));
        var next = Lease(operation, 2);

        (await TakeAsync(next)).ShouldBe(LeaseAnswer.Busy, "the older attempt may still be running");
        World.Advance(Span + TimeSpan.FromSeconds(1));

        (await TakeAsync(next)).ShouldBe(LeaseAnswer.Taken);
        (await World.Leases.HoldsAsync(lost, default)).ShouldBeFalse();
        (await World.Leases.HoldsAsync(next, default)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_let_nobody_act_under_a_lease_that_is_over()
    {
        var operation = await DispatchedAsync(1);
        var (lease, other) = (Lease(operation, 1), Lease(operation, 1));
        await TakeAsync(lease);

        await World.LeaseCheck.RequireAsync(lease, default);
        (await Should.ThrowAsync<LeaseLostException>(() => World.LeaseCheck.RequireAsync(other, default))).Lease.ShouldBe(other);
        World.Advance(Span + TimeSpan.FromSeconds(1));

        await Should.ThrowAsync<LeaseLostException>(() => World.LeaseCheck.RequireAsync(lease, default));
    }

    [Fact]
    public async Task Should_let_nobody_act_under_a_lease_of_an_older_dispatch()
    {
        var operation = await DispatchedAsync(1);
        var lease = Lease(operation, 1);
        await TakeAsync(lease);
        await CommitAsync(Change(operation, Dispatched(2)));

        await Should.ThrowAsync<LeaseLostException>(() => World.LeaseCheck.RequireAsync(lease, default));
    }

    [Fact]
    public async Task Should_keep_a_lease_for_as_long_as_it_is_renewed()
    {
        var operation = await DispatchedAsync(1);
        var lease = Lease(operation, 1);
        await TakeAsync(lease);
        await using var session = World.Leases.OpenSession(waitsForDisk: true);
        for (var time = 0; time < 4; time++)
        {
            World.Advance(Span * 0.6);
            (await RenewAsync(session, lease)).ShouldBe([lease.Holder]);
        }

        (await World.Leases.HoldsAsync(lease, default)).ShouldBeTrue();
        World.Advance(Span + TimeSpan.FromSeconds(1));
        (await World.Leases.HoldsAsync(lease, default)).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_not_renew_under_a_newer_fence()
    {
        var operation = await DispatchedAsync(1);
        var (old, other) = (Lease(operation, 1), Lease(operation, 1, "two"));
        await CommitAsync(Change(operation, Dispatched(1, "two")));
        await TakeAsync(old);
        await TakeAsync(other);
        await CommitAsync(Change(operation, Dispatched(2)));
        await using var session = World.Leases.OpenSession(waitsForDisk: true);

        (await RenewAsync(session, old, other)).ShouldBe([other.Holder]);
        (await World.Leases.HoldsAsync(old, default)).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_renew_and_release_the_others_when_a_row_is_locked()
    {
        var operation = await DispatchedAsync(1);
        await CommitAsync(Change(operation, Dispatched(1, "two")));
        await CommitAsync(Change(operation, Dispatched(1, "three")));
        var (locked, free, lost) = (Lease(operation, 1), Lease(operation, 1, "two"), Lease(operation, 1, "three"));
        await TakeAsync(locked);
        await TakeAsync(free);
        await using var session = World.Leases.OpenSession(waitsForDisk: true);
        using var limit = new CancellationTokenSource(WaitLimit.Seconds(20));
        await using (await World.LockAsync(locked))
        {
            var answer = await session.RenewAsync([lost, locked, free], None, Span, TimeSpan.Zero, limit.Token);
            answer.Renewed.ShouldHaveSingleItem().ShouldBe(free.Holder);
            answer.Locked.ShouldHaveSingleItem().ShouldBe(locked.Holder);
            answer = await session.RenewAsync([locked], None, Span, TimeSpan.FromMilliseconds(50), limit.Token);
            (answer.Renewed.Count, answer.Locked.Count).ShouldBe((0, 1), "it waits only so long");
            (await session.ReleaseAsync([locked, free], new HashSet<StepLease>(), limit.Token)).ShouldHaveSingleItem().ShouldBe(locked.Holder);
            (await World.Leases.HoldsAsync(free, default)).ShouldBeFalse();
        }

        (await World.Leases.HoldsAsync(locked, default)).ShouldBeTrue();
        (await session.RenewAsync([locked], None, Span, TimeSpan.FromMilliseconds(50), default)).Renewed.ShouldHaveSingleItem().ShouldBe(locked.Holder);
        (await session.ReleaseAsync([locked], new HashSet<StepLease>(), default)).ShouldBeEmpty();
        (await World.Leases.HoldsAsync(locked, default)).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_take_nothing_under_an_old_fence_or_one_that_has_its_result()
    {
        var operation = await DispatchedAsync(2);
        (await TakeAsync(Lease(operation, 1))).ShouldBe(LeaseAnswer.Stale);
        await CommitAsync(Change(operation, new StepChange(new StepRun { Name = "one", Status = StepStatus.Succeeded, Fence = 2, Attempt = 1 }, 2)));

        (await TakeAsync(Lease(operation, 2))).ShouldBe(LeaseAnswer.Stale);
        (await TakeAsync(Lease(operation, 1, "unknown"))).ShouldBe(LeaseAnswer.Stale);
    }

    [Fact]
    public async Task Should_end_the_lease_whose_result_is_committed()
    {
        var operation = await DispatchedAsync(1);
        var lease = Lease(operation, 1);
        await TakeAsync(lease);
        await CommitAsync(Change(operation, new StepChange(new StepRun { Name = "one", Status = StepStatus.Waiting, Fence = 1, Attempt = 1 }, 1)));
        await using var session = World.Leases.OpenSession(waitsForDisk: true);

        (await World.Leases.HoldsAsync(lease, default)).ShouldBeFalse();
        (await RenewAsync(session, lease)).ShouldBeEmpty();
        // The next attempt need not wait.
        await CommitAsync(Change(operation, Dispatched(2)));
        (await TakeAsync(Lease(operation, 2))).ShouldBe(LeaseAnswer.Taken);
    }

    [Fact]
    public async Task Should_leave_its_lease_to_an_attempt_that_was_given_up()
    {
        var operation = await DispatchedAsync(1);
        await TakeAsync(Lease(operation, 1));
        // No result: the attempt timed out and is dispatched again.
        await CommitAsync(Change(operation, new StepChange(new StepRun { Name = "one", Status = StepStatus.Waiting, Fence = 1, Attempt = 1 }, null)));
        await CommitAsync(Change(operation, Dispatched(2)));

        (await TakeAsync(Lease(operation, 2))).ShouldBe(LeaseAnswer.Busy);
    }

    [Fact]
    public async Task Should_give_back_its_own_lease_and_no_other()
    {
        var operation = await DispatchedAsync(1);
        await CommitAsync(Change(operation, Dispatched(1, "two")));
        var (mine, others) = (Lease(operation, 1), Lease(operation, 1, "two"));
        await TakeAsync(mine);
        await TakeAsync(others);
        await using var session = World.Leases.OpenSession(waitsForDisk: true);

        await ReleaseAsync(session, mine, Lease(operation, 1, "two"));

        (await World.Leases.HoldsAsync(mine, default)).ShouldBeFalse();
        (await World.Leases.HoldsAsync(others, default)).ShouldBeTrue();
        await CommitAsync(Change(operation, Dispatched(2)));
        (await TakeAsync(Lease(operation, 2))).ShouldBe(LeaseAnswer.Taken);
    }

    [Fact]
    public async Task Should_give_a_dispatch_to_one_delivery_even_after_the_end_of_its_lease()
    {
        var operation = await DispatchedAsync(1);
        await TakeAsync(Lease(operation, 1));
        (await TakeAsync(Lease(operation, 1))).ShouldBe(LeaseAnswer.Duplicate);
        World.Advance(Span + TimeSpan.FromSeconds(1));

        (await TakeAsync(Lease(operation, 1))).ShouldBe(LeaseAnswer.Duplicate);
    }

    [Fact]
    public async Task Should_refuse_a_delivery_that_comes_after_its_deadline()
    {
        var operation = await DispatchedAsync(1);
        await using var session = World.Leases.OpenSession(waitsForDisk: true);
        var late = new LeaseRequest(Lease(operation, 1), TimeSpan.FromMinutes(1), (await NowAsync()).AddSeconds(5));
        World.Advance(TimeSpan.FromSeconds(6));

        (await session.TakeAsync([late], [], Span, default)).ByHolder[late.Lease.Holder].Outcome.ShouldBe(LeaseAnswer.Late);
        (await World.Leases.HoldsAsync(late.Lease, default)).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_tell_when_the_attempt_began_and_when_its_worker_is_lost()
    {
        var operation = await DispatchedAsync(1);
        (await LoadAsync(operation)).Steps[0].TakenAt.ShouldBeNull();
        var before = await NowAsync();
        var lease = Lease(operation, 1);
        await TakeAsync(lease);

        var step = (await LoadAsync(operation)).Steps[0];
        step.TakenAt!.Value.ShouldBe(before, TimeSpan.FromMinutes(1));
        step.LostAt!.Value.ShouldBe(step.TakenAt.Value + (2 * Span), TimeSpan.FromSeconds(1));
        step.Watched.ShouldBeFalse();
        await using var session = World.Leases.OpenSession(waitsForDisk: true);
        await RenewAsync(session, lease);
        (await LoadAsync(operation)).Steps[0].Watched.ShouldBeTrue();
        // Long before the attempt's time is over, and before the operation itself is due.
        await CommitAsync(Change(operation) with { Row = new StoredOperation(OperationState.Running, null, null) });
        (await SweepAsync()).ShouldBeEmpty();
        World.Advance((2 * Span) + TimeSpan.FromSeconds(1));
        (await SweepAsync()).ShouldBe([operation]);
        // A new dispatch resets it.
        await CommitAsync(Change(operation, Dispatched(2)));
        var next = (await LoadAsync(operation)).Steps[0];
        (next.TakenAt, next.LostAt, next.Watched).ShouldBe((null, null, false));
    }

    [Fact]
    public async Task Should_tell_until_when_a_report_is_awaited_that_waits_for_the_broker()
    {
        var operation = await DispatchedAsync(1);
        await CommitAsync(Change(operation) with { Row = new StoredOperation(OperationState.Running, null, null) });
        var lease = Lease(operation, 1);
        await using var session = World.Leases.OpenSession(waitsForDisk: true);
        await session.TakeAsync([new LeaseRequest(lease, TimeSpan.FromSeconds(5), DateTimeOffset.MaxValue)], [], Span, default);
        await RenewAsync(session, lease);
        (await LoadAsync(operation)).Steps[0].ReportUntil.ShouldBeNull("it is at work");
        World.Advance(TimeSpan.FromSeconds(6));
        var now = await NowAsync();

        (await session.RenewAsync([lease], new HashSet<StepLease> { lease }, Span, TimeSpan.Zero, default)).Renewed.ShouldHaveSingleItem();

        var step = (await LoadAsync(operation)).Steps[0];
        step.ReportUntil.ShouldNotBeNull();
        step.ReportUntil.Value.ShouldBe(now + (2 * Span), TimeSpan.FromSeconds(5));
        (await SweepAsync()).ShouldBeEmpty("the end of the attempt's time wakes nobody");
        await ReleaseAsync(session, lease);
        (await LoadAsync(operation)).Steps[0].ReportUntil.ShouldNotBeNull("the report may be behind many others");
        await CommitAsync(Change(operation, Dispatched(2)));
        (await LoadAsync(operation)).Steps[0].ReportUntil.ShouldBeNull("this is another dispatch");
    }

    [Fact]
    public async Task Should_send_a_dispatch_again_that_was_given_back_without_a_report()
    {
        var operation = await DispatchedAsync(1);
        await CommitAsync(Change(operation) with { Row = new StoredOperation(OperationState.Running, null, null) });
        var lease = Lease(operation, 1);
        await TakeAsync(lease);
        await using var session = World.Leases.OpenSession(waitsForDisk: true);

        await session.ReleaseAsync([lease], new HashSet<StepLease> { lease }, default);

        (await SweepAsync()).ShouldBe([operation]);
        (await TakeAsync(Lease(operation, 1))).ShouldBe(LeaseAnswer.Taken, "as if it had not been taken");
    }

    [Fact]
    public async Task Should_keep_one_line_of_what_repeats()
    {
        var operation = await World.AcceptAsync(Workflow);
        for (var time = 0; time < 3; time++)
            await CommitAsync(Change(operation) with { History = [new Engine.Decisions.HistoryLine("stepDeferred", "one", 1, 1) { Repeats = true }] });

        (await World.HistoryAsync(operation)).ShouldBe(["stepDeferred:one"]);
    }

    private async Task<Guid> DispatchedAsync(long fence)
    {
        var operation = await World.AcceptAsync(Workflow);
        await CommitAsync(Change(operation, Dispatched(fence)));
        return operation;
    }

    private async Task<LeaseAnswer> TakeAsync(StepLease lease)
    {
        await using var session = World.Leases.OpenSession(waitsForDisk: true);
        return await TakeAsync(session, lease);
    }

    // Like a worker: separately, if the row was locked or does not exist.
    private async Task<LeaseAnswer> TakeAsync(ILeaseSession session, StepLease lease) =>
        (await session.TakeAsync([Request(lease)], [], Span, default)).ByHolder.TryGetValue(lease.Holder, out var reply)
            ? reply.Outcome
            : (await World.Leases.TakeAsync(Request(lease), null, Span, default)).Reply.Outcome;

    private static async Task<IReadOnlySet<Guid>> RenewAsync(ILeaseSession session, params StepLease[] leases) =>
        (await session.RenewAsync(leases, None, Span, TimeSpan.Zero, default)).Renewed;

    private static Task ReleaseAsync(ILeaseSession session, params StepLease[] leases) => session.ReleaseAsync(leases, new HashSet<StepLease>(), default);

    private static LeaseRequest Request(StepLease lease) => new(lease, TimeSpan.FromMinutes(1), DateTimeOffset.MaxValue);

    private static StepLease Lease(Guid operation, long fence, string step = "one") => new(operation, step, fence, Guid.NewGuid());
}
