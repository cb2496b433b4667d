using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

public sealed class When_steps_are_ready
{
    [Fact]
    public void Should_start_with_those_that_wait_for_none()
    {
        var run = new Run(Graph.Of(Graph.Step("a"), Graph.Step("b"), Graph.Step("c", "a", "b")));

        var decision = run.Start();

        decision.Dispatches.Select(d => (d.Step, d.Worker, d.Direction, d.Fence, d.Attempt)).ShouldBe(
            [("a", "a-worker", Direction.Forward, 1, 1), ("b", "b-worker", Direction.Forward, 1, 1)]);
        decision.Dispatches[0].AttemptTimeout.ShouldBe(TimeSpan.FromSeconds(60));
        decision.Dispatches[0].Deadline.ShouldBe(run.Time.GetUtcNow() + TimeSpan.FromDays(1));
        run.Lines.ShouldBe(["started", "stepDispatched:a", "stepDispatched:b"]);
    }

    [Fact]
    public void Should_start_parallel_branches_in_one_decision()
    {
        var run = Run.Started(Graph.Diamond);

        run.Succeed("first").Dispatches.Select(d => d.Step).ShouldBe(["left", "right"]);
    }

    [Fact]
    public void Should_wait_for_all_that_come_before()
    {
        var run = Run.Started(Graph.Diamond);
        run.Succeed("first");

        run.Succeed("right").Dispatches.ShouldBeEmpty();
        run.Succeed("left").Dispatches.Select(d => d.Step).ShouldBe(["last"]);
    }

    [Fact]
    public void Should_complete_when_the_last_has_succeeded_and_not_before()
    {
        var run = Run.Started(Graph.Diamond);
        foreach (var step in (string[])["first", "left", "right", "last", "pivot", "tell"])
            run.Succeed(step);
        run.State.ShouldBe(OperationState.Running);

        run.Succeed("count").History.Select(Run.Text).ShouldBe(["stepSucceeded:count", "completed"]);

        run.State.ShouldBe(OperationState.Completed);
        run.Progress.NextDueAt.ShouldBeNull();
    }

    [Fact]
    public void Should_keep_what_a_step_shows_of_its_result_and_settle_its_dispatch()
    {
        var run = Run.Started(Graph.Diamond);

        var decision = run.Succeed("first", output: "shown");

        run["first"].Output!.Value.GetString().ShouldBe("shown");
        decision.Settlements.ShouldBe([new Settlement("first", 1)]);
    }

    [Fact]
    public void Should_count_the_late_success_of_an_attempt_that_was_given_up_while_none_is_newer()
    {
        var run = Run.Started(Graph.Diamond);
        run.Silence("first");
        run["first"].Status.ShouldBe(StepStatus.Waiting);

        run.Succeed("first");

        run["first"].Status.ShouldBe(StepStatus.Succeeded);
        run["left"].Status.ShouldBe(StepStatus.Running);
    }

    [Fact]
    public void Should_not_count_it_once_a_newer_attempt_was_sent()
    {
        var run = Run.Started(Graph.Diamond);
        run.Silence("first");
        run.WakeWhenDue();
        run["first"].ShouldSatisfyAllConditions(s => s.Status.ShouldBe(StepStatus.Running), s => s.Fence.ShouldBe(2));

        run.Succeed("first", fence: 1).Changes.ShouldBeFalse();
    }
}
