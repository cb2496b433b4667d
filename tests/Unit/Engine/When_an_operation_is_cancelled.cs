using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

public sealed class When_an_operation_is_cancelled
{
    [Fact]
    public void Should_undo_what_ran_and_end_as_cancelled()
    {
        var run = Run.Started(Graph.Diamond);
        run.Succeed("first");
        run.Succeed("left");

        run.Cancel();

        (run.State, run["left"].Status, run["right"].Status, run["last"].Status).ShouldBe(
            (OperationState.Compensating, StepStatus.Compensating, StepStatus.Compensating, StepStatus.Skipped));
        run["right"].UncertainAt.ShouldNotBeNull("its attempt is cut short");
        run.Succeed("left");
        run.Succeed("right");
        run.Succeed("first");
        run.State.ShouldBe(OperationState.Cancelled);
        run.Lines.ShouldContain("cancelRequested");
        run.Lines[^1].ShouldBe("cancelled");
        run.Progress.Cancellation.ShouldBe(new Cancellation("ada", "It was a mistake."));
        (run.Progress.Failure!.Code, run.Progress.Failure.Message).ShouldBe((EngineFailures.CancelledCode, "Cancelled by ada: It was a mistake."));
    }

    [Fact]
    public void Should_end_at_once_before_it_started_and_never_start()
    {
        var run = new Run(Graph.Diamond);

        run.Cancel();

        run.State.ShouldBe(OperationState.Cancelled);
        run.Start().Changes.ShouldBeFalse();
        run.Dispatches.ShouldBeEmpty();
    }

    [Fact]
    public void Should_undo_what_its_acceptance_wrote_although_no_step_ran()
    {
        var run = new Run(Graph.Diamond);
        run.Progress = run.Progress with { WroteOnAcceptance = true };

        run.Cancel();

        run.Dispatches.Select(d => (d.Step, d.Direction)).ShouldBe([("first", Direction.Back)]);
        run.Succeed("first");
        run.State.ShouldBe(OperationState.Cancelled);
    }

    [Fact]
    public void Should_be_refused_once_the_pivot_is_dispatched_and_say_so_in_the_history()
    {
        var run = Run.Started(Graph.Diamond);
        foreach (var step in (string[])["first", "left", "right", "last"])
            run.Succeed(step);

        var decision = run.Cancel();

        (run.State, run["pivot"].Status).ShouldBe((OperationState.Running, StepStatus.Running));
        decision.History.Single().Event.ShouldBe(HistoryEvents.CancelRefused);
        decision.History.Single().Data!.ToString()!.ShouldContain("has reached its pivot, step 'pivot'");
        run.Succeed("pivot");
        run.Cancel().After.State.ShouldBe(OperationState.Running);
    }

    [Fact]
    public void Should_win_over_the_pivot_that_its_last_report_would_have_dispatched()
    {
        var run = Run.Started(Graph.Diamond);
        foreach (var step in (string[])["first", "left", "right"])
            run.Succeed(step);
        var report = run["last"].Fence;

        run.Cancel();
        run.Succeed("last", report);

        (run["pivot"].Status, run["last"].Status).ShouldBe((StepStatus.Skipped, StepStatus.Compensating), "the report is about a replaced dispatch");
    }

    [Fact]
    public void Should_change_nothing_a_second_time()
    {
        var run = Run.Started(Graph.Diamond);
        run.Cancel();

        run.Cancel("grace").Changes.ShouldBeFalse();
        run.Succeed("first");

        run.State.ShouldBe(OperationState.Cancelled);
        run.Cancel("grace").Changes.ShouldBeFalse();
        run.Progress.Cancellation!.Actor.ShouldBe("ada");
    }

    [Fact]
    public void Should_leave_an_operation_alone_that_has_ended()
    {
        var run = Run.Started(Graph.Of(Graph.Step("only")));
        run.Succeed("only");

        run.Cancel().Changes.ShouldBeFalse();

        run.State.ShouldBe(OperationState.Completed);
    }

    [Fact]
    public void Should_be_refused_while_a_failure_is_being_undone()
    {
        var run = Run.Started(Graph.Diamond);
        run.Fail("first", transient: false);

        run.Cancel().History.Single().Event.ShouldBe(HistoryEvents.CancelRefused);
        run.Succeed("first");

        run.State.ShouldBe(OperationState.Compensated);
    }

    [Fact]
    public void Should_end_as_cancelled_after_a_compensation_that_stalled_it()
    {
        var run = Run.Started(Graph.Diamond);
        run.Cancel();
        run.Fail("first", transient: false);

        run.State.ShouldBe(OperationState.Stalled);
        run.Progress.Cancellation.ShouldNotBeNull("an operator who resumes it must not make a failure of it");
    }

    [Fact]
    public void Should_be_refused_when_the_command_took_effect_at_once()
    {
        var workflow = new WorkflowDefinition { Kind = "test", Version = 1, ForwardOnly = true, Steps = [Graph.Retriable("close")] }.Validated();
        var run = new Run(workflow);

        run.Cancel().History.Single().Event.ShouldBe(HistoryEvents.CancelRefused);
        run.Start();
        run.Fail("close", transient: false);

        run.State.ShouldBe(OperationState.Stalled, "it never compensates");
    }

    [Fact]
    public void Should_not_start_before_it_has_its_scopes()
    {
        var run = new Run(Graph.Diamond);
        run.Progress = run.Progress with { WaitsForScope = true };

        run.Start().Changes.ShouldBeFalse();
        run.Wake().Changes.ShouldBeFalse();
        run.Redispatch().Changes.ShouldBeFalse();
        run.Cancel(code: "scope-wait-expired");

        run.State.ShouldBe(OperationState.Cancelled);
        run.Progress.Failure!.Code.ShouldBe("scope-wait-expired");
    }

    [Fact]
    public void Should_not_end_for_a_wait_that_is_over()
    {
        var run = Run.Started(Graph.Diamond);

        run.Cancel(code: "scope-wait-expired").Changes.ShouldBeFalse();
    }
}
