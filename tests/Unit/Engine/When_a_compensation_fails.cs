using Saga.Contracts.Failures;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

/// <summary>A compensation stalls on permanent failures or after hours, never because its attempts followed each other too fast.</summary>
public sealed class When_a_compensation_fails
{
    [Fact]
    public void Should_wait_through_an_outage_for_as_long_as_its_own_time()
    {
        var run = Turned();
        var began = run.Time.GetUtcNow();

        while (run.State == OperationState.Compensating)
        {
            run.Fail("a", FailureKind.Outage);
            if (run.State == OperationState.Compensating)
                run.WakeWhenDue();
        }

        run.State.ShouldBe(OperationState.Stalled);
        (run.Time.GetUtcNow() - began).ShouldBeInRange(TimeSpan.FromHours(24), TimeSpan.FromHours(25));
    }

    [Fact]
    public void Should_be_retried_for_hours_with_growing_pauses()
    {
        var run = Turned();
        var pauses = new List<TimeSpan>();
        var began = run.Time.GetUtcNow();

        while (run.Time.GetUtcNow() - began < TimeSpan.FromHours(6))
        {
            run.Fail("a", transient: true);
            run["a"].Status.ShouldBe(StepStatus.CompensationWaiting);
            pauses.Add(run["a"].DueAt!.Value - run.Time.GetUtcNow());
            run.WakeWhenDue();
        }

        pauses.Take(8).ShouldBe(pauses.Take(8).Order());
        pauses[^1].ShouldBe(TimeSpan.FromMinutes(5) * 0.75);
        run.Succeed("a");
        run.State.ShouldBe(OperationState.Compensated);
    }

    [Fact]
    public void Should_stall_for_a_permanent_failure_at_once()
    {
        var run = Turned();

        run.Fail("a", transient: false);

        (run["a"].Status, run.State).ShouldBe((StepStatus.CompensationFailed, OperationState.Stalled));
    }

    [Fact]
    public void Should_stall_when_the_steps_own_time_is_used_up()
    {
        var run = Turned(TimeSpan.FromMinutes(30));
        var began = run.Time.GetUtcNow();

        run.Exhaust("a");

        run.State.ShouldBe(OperationState.Stalled);
        (run.Time.GetUtcNow() - began).ShouldBeInRange(TimeSpan.FromMinutes(24), TimeSpan.FromMinutes(30));
    }

    [Fact]
    public void Should_have_its_day_although_an_older_version_wrote_a_deadline_of_minutes()
    {
        var run = Turned();
        run.Progress = run.Progress with { Steps = [.. run.Progress.Steps.Select(s => s with { Deadline = s.StartedAt + TimeSpan.FromMinutes(10) })] };
        run.Time.Advance(TimeSpan.FromHours(1));

        run.Fail("a", transient: true);

        run["a"].Status.ShouldBe(StepStatus.CompensationWaiting);
    }

    [Theory, InlineData(FailureKind.Outage), InlineData(FailureKind.Overload)]
    public void Should_wait_when_its_external_system_is_unavailable_or_overloaded(FailureKind kind)
    {
        var run = Turned();

        run.Fail("a", kind);

        run["a"].ShouldSatisfyAllConditions(
            s => s.Status.ShouldBe(StepStatus.CompensationDeferred), s => s.Attempt.ShouldBe(0), s => s.Failure!.Kind.ShouldBe(kind));
    }

    private static Run Turned(TimeSpan? deadline = null)
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { CompensationDeadline = deadline }));
        run.Fail("a", transient: false);
        run["a"].Status.ShouldBe(StepStatus.Compensating);
        return run;
    }
}
