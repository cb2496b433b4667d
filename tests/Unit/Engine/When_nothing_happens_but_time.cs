using Saga.Contracts.Commands;
using Saga.Contracts.Failures;
using Saga.Engine.Operations;
using Saga.Engine.Replays;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

/// <summary>
/// Every state of an operation with every status of a step, with workers that do not get on. Nothing may stay as it is for ever: each has
/// a time at which it is looked at again, and comes to an end or to an operator, who has a way out. docs/states.md says the same of what is not an operation.
/// </summary>
public sealed class When_nothing_happens_but_time
{
    private const int MostLooks = 100_000;

    // Compensations and deferrals have the longest budgets, which are days.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    public static TheoryData<OperationState, StepStatus> Everything()
    {
        var all = new TheoryData<OperationState, StepStatus>();
        foreach (var state in Enum.GetValues<OperationState>())
        {
            foreach (var status in state == OperationState.Accepted ? [StepStatus.Pending] : StepStatusNames.All.Where(s => Occurs(state, s)))
                all.Add(state, status);
        }

        return all;
    }

    [Theory, MemberData(nameof(Everything))]
    public void Should_come_to_an_end_or_to_an_operator_when_workers_die(OperationState state, StepStatus status) =>
        Walk(state, status, (run, step) => run.Take(step));

    [Theory, MemberData(nameof(Everything))]
    public void Should_come_to_an_end_or_to_an_operator_when_workers_never_report(OperationState state, StepStatus status) =>
        Walk(state, status, (run, step) =>
        {
            run.Take(step);
            run.Write(step, s => s with { LostAt = run.Time.GetUtcNow() + Longest, Watched = true });
        });

    [Theory, MemberData(nameof(Everything))]
    public void Should_come_to_an_end_or_to_an_operator_when_everything_fails_for_a_while(OperationState state, StepStatus status) =>
        Walk(state, status, (run, step) => run.Fail(step, FailureKind.Transient));

    [Theory, MemberData(nameof(Everything))]
    public void Should_come_to_an_end_or_to_an_operator_when_a_system_stays_away(OperationState state, StepStatus status) =>
        Walk(state, status, (run, step) => run.Defer(step, TimeSpan.FromMinutes(1)));

    [Theory, MemberData(nameof(Everything))]
    public void Should_come_to_an_end_when_workers_succeed(OperationState state, StepStatus status)
    {
        var run = Walk(state, status, (run, step) => run.Succeed(step));

        if (status.Phase != StepPhase.Failed && state.Direction() is not null)
            run.State.HasEnded().ShouldBeTrue($"{state}, {status}");
    }

    // A backlog undoes no healthy tenant, so this goes on for as long as no worker is there.
    [Theory, MemberData(nameof(Everything))]
    public void Should_be_offered_again_and_again_when_no_worker_is_there(OperationState state, StepStatus status)
    {
        var run = Positions.In(state, status);
        Begin(run);
        for (var looks = 0; looks < 200 && run.State.Direction() is not null; looks++)
        {
            run.Progress.NextDueAt.ShouldNotBeNull($"{state}, {status}");
            run.WakeWhenDue();
        }

        WayOut(run, state, status);
    }

    // A running operation undoes nothing, and one that compensates has no step in motion forward: turning back turns those too.
    private static bool Occurs(OperationState state, StepStatus status) => state switch
    {
        OperationState.Running => status.Direction == Direction.Forward && status.Phase != StepPhase.Skipped,
        OperationState.Compensating => status.Direction == Direction.Back || status.Phase is not (StepPhase.Dispatched or StepPhase.Waiting or StepPhase.Deferred or StepPhase.Awaiting),
        _ => true,
    };

    private static Run Walk(OperationState state, StepStatus status, Action<Run, string> work)
    {
        var run = Positions.In(state, status);
        Begin(run);
        var until = run.Time.GetUtcNow() + Longest;
        for (var looks = 0; run.State.Direction() is not null; looks++)
        {
            looks.ShouldBeLessThan(MostLooks, $"{state}, {status}: {Text(run)}");
            // Of a moment, before the clock moves. A step's dispatch is new if nobody has taken it.
            while (run.Progress.Steps.FirstOrDefault(s => s.Status.IsDispatched && s.TakenAt is null) is { } dispatched)
            {
                var before = run.Progress;
                work(run, dispatched.Name);
                run.Progress.ShouldNotBe(before);
                if (run.State.Direction() is null)
                    break;
            }

            if (run.State.Direction() is null)
                break;
            run.Progress.NextDueAt.ShouldNotBeNull($"{state}, {status}: {Text(run)}");
            run.WakeWhenDue();
            run.Time.GetUtcNow().ShouldBeLessThan(until, $"{state}, {status}: {Text(run)}");
        }

        WayOut(run, state, status);
        return run;
    }

    // Admission begins what was accepted.
    private static void Begin(Run run)
    {
        if (run.State == OperationState.Accepted)
            run.Start();
    }

    // It has ended, or an order takes it further: on, or back.
    private static void WayOut(Run run, OperationState state, StepStatus status)
    {
        if (run.State.HasEnded())
            return;
        if (run.State == OperationState.Stalled)
        {
            (run.Answer() is ReplayAnswer.Planned || run.Answer(new() { Mode = ReplayMode.Compensate }) is ReplayAnswer.Planned)
                .ShouldBeTrue($"{state}, {status} stalled: {Text(run)}");
            return;
        }

        if (run.State != OperationState.Running)
            return;
        run.Cancel();
        (run.State.HasEnded() || run.State.Direction() == Direction.Back).ShouldBeTrue($"{state}, {status}: {Text(run)}");
    }

    private static string Text(Run run) => $"{run.State}, {string.Join(", ", run.Progress.Steps.Select(s => $"{s.Name} {s.Status}"))}";
}
