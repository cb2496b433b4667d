using Saga.Engine.Operations;
using Saga.Registry.Leases;
using Saga.Registry.Transitions;
using Shouldly;
using Xunit;

namespace Saga.Tests.Support.EnginePort;

public abstract partial class EnginePortContract
{
    [Fact]
    public async Task Should_not_count_the_time_in_which_nobody_ran()
    {
        var (operation, deadline) = await WithDeadlineAsync();
        await World.Downtime.BeatAsync(default);
        World.Advance(TimeSpan.FromMinutes(11));

        // Before the first beat: the first transition after a restart may come before it.
        (await LimitAsync(operation)).ShouldBe(deadline + TimeSpan.FromMinutes(11), TimeSpan.FromSeconds(10));
        (await World.Downtime.BeatAsync(default)).ShouldBe(TimeSpan.FromMinutes(11), TimeSpan.FromSeconds(10));
        (await LimitAsync(operation)).ShouldBe(deadline + TimeSpan.FromMinutes(11), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Should_count_downtime_once_for_a_step_that_was_written_in_between()
    {
        var (operation, deadline) = await WithDeadlineAsync();
        await World.Downtime.BeatAsync(default);
        World.Advance(TimeSpan.FromHours(5));

        var extended = await LimitAsync(operation);
        await CommitAsync(Change(operation, new StepChange(Limited(extended), null)));
        await World.Downtime.BeatAsync(default);

        (await LimitAsync(operation)).ShouldBe(deadline + TimeSpan.FromHours(5), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Should_count_the_time_in_which_it_ran()
    {
        var (operation, deadline) = await WithDeadlineAsync();
        for (var i = 0; i < 8; i++)
        {
            (await World.Downtime.BeatAsync(default)).ShouldBe(TimeSpan.Zero);
            World.Advance(TimeSpan.FromSeconds(20));
        }

        (await LimitAsync(operation)).ShouldBe(deadline);
    }

    [Fact]
    public async Task Should_move_due_times_with_a_clock_that_was_set_back()
    {
        var operation = await DueAsync((await NowAsync()).AddSeconds(5));
        await World.Downtime.BeatAsync(default);
        World.Advance(TimeSpan.FromHours(-3));

        (await World.Downtime.BeatAsync(default)).ShouldBe(TimeSpan.FromHours(-3), TimeSpan.FromSeconds(10));
        (await SweepAsync()).ShouldBeEmpty();
        World.Advance(TimeSpan.FromSeconds(10));
        (await SweepAsync()).ShouldBe([operation]);
    }

    [Fact]
    public async Task Should_leave_what_was_written_after_the_clock_was_set_back()
    {
        await World.Downtime.BeatAsync(default);
        World.Advance(TimeSpan.FromHours(-3));
        // Before the beat that notices it.
        var now = await NowAsync();
        var operation = await World.AcceptAsync(Workflow);
        await CommitAsync(Change(operation, Dispatched(1)));
        var lease = Lease(operation, 1);
        (await TakeAsync(lease)).ShouldBe(LeaseAnswer.Taken);

        await World.Downtime.BeatAsync(default);

        await World.LeaseCheck.RequireAsync(lease, default);
        var step = (await LoadAsync(operation)).Steps.Single(s => s.Name == "one");
        step.TakenAt!.Value.ShouldBe(now, TimeSpan.FromSeconds(10));
        step.LostAt!.Value.ShouldBe(now + (2 * Span), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Should_move_a_lease_with_a_clock_that_was_set_back()
    {
        var operation = await DispatchedAsync(1);
        var lease = Lease(operation, 1);
        await TakeAsync(lease);
        await World.Downtime.BeatAsync(default);
        World.Advance(TimeSpan.FromHours(-3));
        await World.Downtime.BeatAsync(default);

        await World.LeaseCheck.RequireAsync(lease, default);
        (await LoadAsync(operation)).Steps.Single(s => s.Name == "one").TakenAt!.Value.ShouldBe(await NowAsync(), TimeSpan.FromSeconds(10));
        World.Advance(Span + TimeSpan.FromSeconds(10));

        await Should.ThrowAsync<LeaseLostException>(() => World.LeaseCheck.RequireAsync(lease, default), "it lasts no longer than from now on");
    }

    [Fact]
    public async Task Should_wake_soon_what_a_worker_took_before_and_after_the_clock_was_set_back()
    {
        var operation = await World.AcceptAsync(Workflow);
        var dispatched = await NowAsync();
        await CommitAsync(Change(operation, Written(dispatched)));
        await World.Downtime.BeatAsync(default);
        World.Advance(TimeSpan.FromHours(-3));
        var lease = Lease(operation, 1);
        (await TakeAsync(lease)).ShouldBe(LeaseAnswer.Taken);

        await World.Downtime.BeatAsync(default);

        var step = (await LoadAsync(operation)).Steps.Single(s => s.Name == "one");
        step.DispatchedAt!.Value.ShouldBe(dispatched.AddHours(-3), TimeSpan.FromSeconds(10));
        step.TakenAt!.Value.ShouldBe(await NowAsync(), TimeSpan.FromSeconds(10));
        step.DueAt!.Value.ShouldBe(dispatched.AddHours(-3).AddMinutes(1), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Should_not_await_a_report_that_did_not_have_to_wait_after_the_clock_was_set_back()
    {
        var operation = await DispatchedAsync(1);
        await TakeAsync(Lease(operation, 1));
        await World.Downtime.BeatAsync(default);
        World.Advance(TimeSpan.FromHours(-3));

        await World.Downtime.BeatAsync(default);

        (await LoadAsync(operation)).Steps.ShouldAllBe(s => s.ReportUntil == null);
    }

    private static StepChange Written(DateTimeOffset at) => new(
        new StepRun { Name = "one", Status = StepStatus.Running, Fence = 1, Attempt = 1, StartedAt = at, DispatchedAt = at, DueAt = at.AddMinutes(1) }, null);

    private async Task<(Guid Operation, DateTimeOffset Deadline)> WithDeadlineAsync()
    {
        var operation = await World.AcceptAsync(Workflow);
        var deadline = (await NowAsync()).AddMinutes(10);
        await CommitAsync(Change(operation, new StepChange(Limited(deadline), null)));
        return (operation, deadline);
    }

    private static StepRun Limited(DateTimeOffset deadline) =>
        new() { Name = "one", Status = StepStatus.Running, Fence = 1, Attempt = 1, Deadline = deadline, DeferredSince = deadline };

    private async Task<DateTimeOffset> LimitAsync(Guid operation)
    {
        var step = (await LoadAsync(operation)).Steps.Single(s => s.Name == "one");
        step.DeferredSince.ShouldBe(step.Deadline);
        return step.Deadline!.Value;
    }
}
