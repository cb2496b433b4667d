using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

public sealed class When_a_worker_is_lost
{
    // The step under test, and another step of the same worker.
    private static readonly WorkflowDefinition Pair = Graph.Of(
        Graph.Step("a") with { Worker = "shared", MaxAttempts = 10, Deadline = TimeSpan.FromHours(1) }, Graph.Step("b") with { Worker = "shared", MaxAttempts = 100, Deadline = TimeSpan.FromHours(10) });

    [Fact]
    public void Should_be_a_failed_attempt_that_is_made_again_under_a_new_fence()
    {
        var run = Run.Started(Graph.Diamond);

        var decision = run.Lose("first");

        decision.History.Select(Run.Text).ShouldBe(["stepFailed:first"]);
        decision.Settlements.ShouldBeEmpty("a worker that was only paused may still report success");
        run["first"].Failure!.ShouldSatisfyAllConditions(f => f.Code.ShouldBe("worker-lost"), f => f.Transient.ShouldBeTrue());
        run.WakeWhenDue().Dispatches.Single().ShouldSatisfyAllConditions(d => d.Fence.ShouldBe(2), d => d.Attempt.ShouldBe(2));
    }

    [Fact]
    public void Should_be_noticed_when_it_died_before_it_renewed_its_lease_although_the_attempt_has_hours()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { AttemptTimeout = TimeSpan.FromHours(2), Deadline = TimeSpan.FromHours(2) }));
        run.Time.Advance(TimeSpan.FromSeconds(20));
        run.Take("a");
        var lost = run["a"].LostAt!.Value;

        run.WakeWhenDue().Advances.ShouldBeFalse("its lease has not ended");
        run.WakeWhenDue().History.Select(Run.Text).ShouldBe(["stepFailed:a"]);

        run.Time.GetUtcNow().ShouldBe(lost);
    }

    [Fact]
    public void Should_wait_for_the_report_of_a_worker_that_gave_its_lease_back()
    {
        var run = Run.Started(Graph.Diamond);
        run.Take("first");
        run.Release("first");
        run.Time.Advance(TimeSpan.FromSeconds(59));

        run.Wake().Advances.ShouldBeFalse();
        run.WakeWhenDue().History.Select(Run.Text).ShouldBe(["stepTimedOut:first"], "it did not arrive");
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Should_make_the_step_poisonous_the_third_time_in_a_row_when_its_workers_other_steps_continue(bool goOn)
    {
        var run = Run.Started(Pair);
        for (var times = 1; times <= 3; times++)
        {
            run.Take("a");
            run.Time.Advance(TimeSpan.FromSeconds(1));
            if (goOn)
            {
                run.Take("b");
                run.Fail("b", transient: true);
            }

            run.Time.Advance(Run.Lease);
            run.Wake();
            if (run["a"].Status == StepStatus.Waiting)
                Resend(run, "a");
        }

        run["a"].Failure!.Code.ShouldBe(goOn ? "poisonous" : "worker-lost");
        run["a"].Status.ShouldBe(goOn ? StepStatus.Failed : StepStatus.Running);
        run.State.ShouldBe(OperationState.Running, "the parallel step runs first");
        if (!goOn)
            return;
        run.Succeed("b");
        run.State.ShouldBe(OperationState.Stalled, "nothing is assumed although the pivot was not reached");
        run.Progress.Failure!.Code.ShouldBe("poisonous");
        run.Dispatches.ShouldAllBe(d => d.Direction == Direction.Forward);
    }

    [Fact]
    public void Should_stall_a_poisonous_compensation()
    {
        var run = Run.Started(Pair);
        run.Fail("a", transient: false);
        for (var times = 1; times <= 3; times++)
        {
            run.Take("a");
            run.Time.Advance(TimeSpan.FromSeconds(1));
            run.Fail("b", transient: true);
            run.Time.Advance(Run.Lease);
            run.Wake();
            if (run["a"].Status == StepStatus.CompensationWaiting)
                Resend(run, "a");
        }

        run["a"].ShouldSatisfyAllConditions(s => s.Status.ShouldBe(StepStatus.CompensationFailed), s => s.Failure!.Code.ShouldBe("poisonous"));
    }

    [Fact]
    public void Should_start_counting_again_after_a_result()
    {
        var run = Run.Started(Pair);
        run.Lose("a");
        Resend(run, "a");
        run.Lose("a");
        run["a"].LostInARow.ShouldBe(2);
        Resend(run, "a");

        run.Fail("a", transient: true);

        run["a"].LostInARow.ShouldBe(0);
    }

    [Fact]
    public void Should_compensate_when_it_was_the_last_attempt()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { MaxAttempts = 1 }));

        run.Lose("a");

        run.Lines.ShouldBe(["started", "stepDispatched:a", "stepFailed:a", "compensationStarted:a", "compensationDispatched:a"]);
    }

    private static void Resend(Run run, string step)
    {
        var fence = run[step].Fence;
        while (run[step].Fence == fence)
            run.WakeWhenDue();
    }
}
