using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

public sealed class When_the_operation_turns_round
{
    [Fact]
    public void Should_undo_running_siblings_with_what_failed_and_in_reverse_order_of_the_graph()
    {
        var run = Run.Started(Graph.Diamond);
        run.Succeed("first");

        var turned = run.Fail("right", transient: false);

        turned.Dispatches.Select(d => (d.Step, d.Direction, d.Fence)).ShouldBe([("left", Direction.Back, 2), ("right", Direction.Back, 2)]);
        run.Succeed("right").Dispatches.ShouldBeEmpty("left, which depends on first, is not undone");
        run.Succeed("left").Dispatches.Select(d => (d.Step, d.Direction)).ShouldBe([("first", Direction.Back)]);
        run.Succeed("first");
        run.State.ShouldBe(OperationState.Compensated);
    }

    [Fact]
    public void Should_skip_what_never_ran()
    {
        var run = Run.Started(Graph.Diamond);

        run.Fail("first", transient: false);

        run.Progress.Steps.Where(s => s.Status == StepStatus.Skipped).Select(s => s.Name).ShouldBe(["left", "right", "last", "pivot", "tell", "count"]);
        run.Progress.Failure!.Code.ShouldBe("first-failed");
    }

    [Fact]
    public void Should_ignore_the_success_of_a_forward_attempt_that_is_being_undone()
    {
        var run = Run.Started(Graph.Diamond);
        run.Succeed("first");
        run.Fail("right", transient: false);

        run.Succeed("left", fence: 1).Changes.ShouldBeFalse();
        run.Fail("left", transient: false, fence: 1).Changes.ShouldBeFalse();
    }

    [Fact]
    public void Should_give_a_compensation_a_day_of_its_own()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { MaxAttempts = 3 }));
        run.Exhaust("a");
        var turned = run.Time.GetUtcNow();

        run["a"].ShouldSatisfyAllConditions(
            s => s.Attempt.ShouldBe(1), s => s.Fence.ShouldBe(4), s => s.StartedAt.ShouldBe(turned), s => s.Deadline.ShouldBe(turned + TimeSpan.FromHours(24)));
        run.Exhaust("a");

        run.Dispatches.Count(d => d.Direction == Direction.Back).ShouldBeInRange(300, 700, "its pauses grow up to some minutes");
        (run.Time.GetUtcNow() - turned).ShouldBeInRange(TimeSpan.FromHours(23.9), TimeSpan.FromHours(24));
        run["a"].Status.ShouldBe(StepStatus.CompensationFailed);
        run.State.ShouldBe(OperationState.Stalled);
    }

    [Fact]
    public void Should_stall_only_when_the_other_branch_is_undone_too()
    {
        var run = Run.Started(Graph.Diamond);
        run.Succeed("first");
        run.Fail("right", transient: false);

        run.Fail("left", transient: false);
        run.State.ShouldBe(OperationState.Compensating);
        run.Progress.NextDueAt.ShouldNotBeNull();
        run.Succeed("right");

        run.State.ShouldBe(OperationState.Stalled);
        run.Progress.Failure!.Code.ShouldBe("left-failed");
        run["first"].Status.ShouldBe(StepStatus.Succeeded, "its prerequisite is not undone first");
    }

    [Fact]
    public void Should_still_show_why_a_step_failed_after_it_was_undone()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a")));
        run.Fail("a", transient: false);
        run.Succeed("a");

        run["a"].ShouldSatisfyAllConditions(s => s.Status.ShouldBe(StepStatus.Compensated), s => s.Failure!.Code.ShouldBe("a-failed"));
    }

    [Fact]
    public void Should_do_so_once_when_two_attempts_are_given_up_in_one_decision()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { MaxAttempts = 1 }, Graph.Step("b") with { MaxAttempts = 1 }));

        run.Silence("a", "b");

        run.Lines.Count(l => l.StartsWith("compensationStarted", StringComparison.Ordinal)).ShouldBe(1);
        run.Progress.Steps.ShouldAllBe(s => s.Status == StepStatus.Compensating && s.Fence == 2);
    }
}
