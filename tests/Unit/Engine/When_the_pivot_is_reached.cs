using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

public sealed class When_the_pivot_is_reached
{
    [Fact]
    public void Should_compensate_when_the_pivot_says_it_failed_permanently()
    {
        var run = AtPivot();

        var decision = run.Fail("pivot", transient: false);

        decision.Dispatches.Select(d => (d.Step, d.Direction)).ShouldBe([("last", Direction.Back)]);
        run["pivot"].Status.ShouldBe(StepStatus.Failed);
        foreach (var step in (string[])["last", "left", "right", "first"])
            run.Succeed(step);
        run.State.ShouldBe(OperationState.Compensated);
        run.Dispatches.ShouldNotContain(d => d.Step == "pivot" && d.Direction == Direction.Back);
    }

    [Fact]
    public void Should_stall_when_its_attempts_are_used_up_because_it_may_have_acted()
    {
        var run = AtPivot();

        run.Exhaust("pivot");

        run.State.ShouldBe(OperationState.Stalled);
        run.Progress.Failure!.Code.ShouldBe("pivot-failed");
        run.Dispatches.ShouldAllBe(d => d.Direction == Direction.Forward);
    }

    [Fact]
    public void Should_stall_when_it_is_silent()
    {
        var run = AtPivot();

        while (run.State == OperationState.Running)
        {
            run.Silence("pivot");
            if (run.State == OperationState.Running)
                run.WakeWhenDue();
        }

        run.State.ShouldBe(OperationState.Stalled);
        run.Progress.Failure!.Code.ShouldBe("attempt-timeout");
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Should_only_go_forward_after_it(bool transient)
    {
        var run = AtPivot();
        run.Succeed("pivot");
        run.Succeed("count");

        if (transient)
            run.Exhaust("tell");
        else
            run.Fail("tell", transient: false);

        run.State.ShouldBe(OperationState.Stalled);
        run.Dispatches.ShouldAllBe(d => d.Direction == Direction.Forward);
    }

    [Fact]
    public void Should_let_the_others_finish_before_it_stalls()
    {
        var run = AtPivot();
        run.Succeed("pivot");

        run.Fail("tell", transient: false);
        run.State.ShouldBe(OperationState.Running);
        run.Succeed("count");

        run.State.ShouldBe(OperationState.Stalled);
        run.Progress.Failure!.Code.ShouldBe("tell-failed");
        run.Lines.Count(l => l == "stalled").ShouldBe(1);
    }

    private static Run AtPivot()
    {
        var run = Run.Started(Graph.Diamond);
        foreach (var step in (string[])["first", "left", "right", "last"])
            run.Succeed(step);
        run["pivot"].Status.ShouldBe(StepStatus.Running);
        return run;
    }
}
