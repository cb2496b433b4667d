using Saga.Engine.Operations;
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
