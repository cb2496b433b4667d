using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

public sealed class When_a_step_waits
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private static readonly WorkflowDefinition Timed = Graph.Of(Graph.Step("a"), Graph.Timer("rest", Day, "a"), Graph.Step("b", "rest"));

    private static readonly WorkflowDefinition Asked = Graph.Of(Graph.Step("a"), Graph.Approval("ask", "a"), Graph.Step("b", "ask"));

    private static readonly WorkflowDefinition Told = Graph.Of(Graph.Step("a"), Graph.Signal("told", "paid", "a"), Graph.Step("b", "told"));

    [Fact]
    public void Should_send_nothing_and_need_no_slot()
    {
        var run = After(Timed);

        run["rest"].Status.ShouldBe(StepStatus.Awaiting);
        run.Dispatches.Select(d => d.Step).ShouldBe(["a"]);
        (run.State, run.Progress.HasDispatch, run.Progress.NextDueAt).ShouldBe((OperationState.Running, false, run.Time.GetUtcNow() + Day));
        run.Lines.ShouldBe(["started", "stepDispatched:a", "stepSucceeded:a", "stepAwaiting:rest"]);
    }

    [Fact]
    public void Should_go_on_when_the_time_is_over_and_not_before()
    {
        var run = After(Timed);
        run.Time.Advance(Day - TimeSpan.FromSeconds(1));
        run.Wake().Changes.ShouldBeFalse();

        run.WakeWhenDue();

        run["rest"].Status.ShouldBe(StepStatus.Succeeded);
        (Output(run, "rest").How, Output(run, "rest").At).ShouldBe(("elapsed", run.Time.GetUtcNow()));
        run.Dispatches[^1].Step.ShouldBe("b");
        run.Lines[^2..].ShouldBe(["stepSucceeded:rest", "stepDispatched:b"]);
    }

    [Fact]
    public void Should_wait_until_the_time_that_an_earlier_step_named()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a"), Graph.Wait("window", new() { For = WaitKind.Time, UntilOutputOf = "a" }, "a")));
        var until = run.Time.GetUtcNow() + TimeSpan.FromDays(3);

        run.Succeed("a", output: JsonSerializer.SerializeToElement(new WaitUntilOutput { Until = until }, Json.Options));

        run["window"].DueAt.ShouldBe(until);
        run.WakeWhenDue();
        (run.State, run.Time.GetUtcNow()).ShouldBe((OperationState.Completed, until));
    }

    [Theory, InlineData(null), InlineData("{}"), InlineData("""{"until":"soon"}"""), InlineData("""{"until":7}"""), InlineData("[]")]
    public void Should_fail_when_the_earlier_step_named_no_time(string? output)
    {
        var run = Run.Started(Graph.Of(Graph.Step("a"), Graph.Wait("window", new() { For = WaitKind.Time, UntilOutputOf = "a" }, "a")));

        run.Succeed("a", output: output is null ? null : JsonElement.Parse(output));
        run.WakeWhenDue();

        (run.State, run.Progress.Failure!.Code).ShouldBe((OperationState.Compensating, "wait-without-time"));
    }

    [Fact]
    public void Should_wait_without_a_due_time_until_somebody_approves()
    {
        var run = After(Asked);
        run.Progress.NextDueAt.ShouldBeNull();
        run.Time.Advance(365 * Day);
        run.Wake().Changes.ShouldBeFalse();

        run.Answer("ask", WaitAnswerKind.Approved);
        run.Wake();

        Output(run, "ask").ShouldBe(new WaitOutput { How = "approved", By = "ada", Reason = "so be it", At = run.Time.GetUtcNow() });
        run.Dispatches[^1].Step.ShouldBe("b");
    }

    [Fact]
    public void Should_undo_what_ran_when_somebody_rejects()
    {
        var run = After(Asked);

        run.Answer("ask", WaitAnswerKind.Rejected);
        run.Wake();

        run.State.ShouldBe(OperationState.Compensating);
        run.Progress.Failure.ShouldBe(new Failure
        {
            Code = "rejected", Message = "ada rejected step 'ask': so be it", Remedy = "Settle the reason, then send the command again.", Kind = FailureKind.Permanent,
        });
        run["ask"].Status.ShouldBe(StepStatus.Failed);
        run.Lines[^4..].ShouldBe(["stepFailed:ask", "compensationStarted:ask", "stepSkipped:b", "compensationDispatched:a"]);
        run.Succeed("a");
        run.State.ShouldBe(OperationState.Compensated);
    }

    [Fact]
    public void Should_end_at_once_when_nothing_ran_before_it_was_rejected()
    {
        var run = Run.Started(Graph.Of(Graph.Approval("ask"), Graph.Step("b", "ask")));

        run.Answer("ask", WaitAnswerKind.Rejected);
        run.Wake();

        (run.State, run.Dispatches.Count).ShouldBe((OperationState.Compensated, 0));
    }

    [Fact]
    public void Should_stall_when_somebody_rejects_after_the_pivot()
    {
        var run = Run.Started(Graph.Of(Graph.Pivot("p"), Graph.Approval("ask", "p") with { Kind = StepKind.Retriable }, Graph.Retriable("b", "ask")));
        run.Succeed("p");

        run.Answer("ask", WaitAnswerKind.Rejected);
        run.Wake();

        (run.State, run.Progress.Failure!.Code).ShouldBe((OperationState.Stalled, "rejected"));
        run.Dispatches.Select(d => d.Step).ShouldBe(["p"]);
    }

    [Theory]
    [InlineData(WaitKind.Approval, "Nobody approved or rejected step 'wait' within 1:0:00:00.")]
    [InlineData(WaitKind.Signal, "The signal 'paid', which step 'wait' waits for, did not come within 1:0:00:00.")]
    public void Should_fail_when_no_answer_comes_within_its_limit(WaitKind kind, string words)
    {
        var run = After(Graph.Of(Graph.Step("a"), Graph.Wait("wait", new() { For = kind, AtMost = Day, Signal = kind == WaitKind.Signal ? "paid" : null }, "a")));
        run["wait"].DueAt.ShouldBe(run.Time.GetUtcNow() + Day);

        run.WakeWhenDue();

        (run.State, run.Progress.Failure!.Code, run.Progress.Failure.Message, run.Progress.Failure.Kind).ShouldBe(
            (OperationState.Compensating, "wait-expired", words, FailureKind.Permanent));
    }

    [Fact]
    public void Should_hand_the_data_of_a_signal_to_later_steps()
    {
        var run = After(Told);

        run.Answer("told", WaitAnswerKind.Signalled, new { invoice = 7 });
        run.Wake();

        (Output(run, "told").How, Output(run, "told").Data!.Value.GetProperty("invoice").GetInt32()).ShouldBe(("signalled", 7));
        run.Dispatches[^1].Step.ShouldBe("b");
    }

    [Fact]
    public void Should_keep_a_signal_that_comes_before_the_step_begins()
    {
        var run = Run.Started(Told);
        run.Answer("told", WaitAnswerKind.Signalled);
        run.Wake().Changes.ShouldBeFalse("the step has not begun");

        run.Succeed("a");

        // It ends when the operation is woken, and has a slot again.
        (run["told"].Status, run.Progress.NextDueAt, run.Dispatches.Count).ShouldBe((StepStatus.Awaiting, run.Time.GetUtcNow(), 1));
        run.Wake();
        run["told"].Status.ShouldBe(StepStatus.Succeeded);
        run.Dispatches[^1].Step.ShouldBe("b");
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Should_go_on_when_an_operator_ends_the_wait_early(bool timed)
    {
        var run = After(timed ? Timed : Told);
        var step = timed ? "rest" : "told";

        run.Answer(step, WaitAnswerKind.Ended);
        run.Wake();

        (Output(run, step).How, Output(run, step).By).ShouldBe(("ended", "ada"));
        run.Dispatches[^1].Step.ShouldBe("b");
    }

    [Fact]
    public void Should_end_once_however_often_it_is_woken()
    {
        var run = After(Asked);
        run.Answer("ask", WaitAnswerKind.Approved);
        run.Wake();
        var lines = run.Lines.Count;

        run.Wake().Changes.ShouldBeFalse();

        run.Lines.Count.ShouldBe(lines);
        run.Dispatches.Count(d => d.Step == "b").ShouldBe(1);
    }

    [Fact]
    public void Should_complete_the_operation_as_its_last_step()
    {
        var run = After(Graph.Of(Graph.Step("a"), Graph.Timer("rest", TimeSpan.Zero, "a")));

        run.WakeWhenDue();

        run.State.ShouldBe(OperationState.Completed);
    }

    [Fact]
    public void Should_undo_what_comes_before_a_wait_only_after_what_comes_after_it()
    {
        var run = After(Asked);
        run.Answer("ask", WaitAnswerKind.Approved);
        run.Wake();
        run.Fail("b", transient: false);

        run.Dispatches[^1].Step.ShouldBe("b");
        run["a"].Status.ShouldBe(StepStatus.Succeeded, "b is not undone yet");
        run.Succeed("b");
        run.Dispatches[^1].Step.ShouldBe("a");
        run.Succeed("a");
        run.State.ShouldBe(OperationState.Compensated);
        run.Dispatches.ShouldAllBe(d => d.Worker.Length > 0);
        run["ask"].Status.ShouldBe(StepStatus.Succeeded, "nothing of it is undone");
    }

    [Fact]
    public void Should_be_skipped_when_another_step_fails_meanwhile()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a"), Graph.Step("other"), Graph.Timer("rest", Day, "a"), Graph.Step("last", "rest", "other")));
        run.Succeed("a");

        run.Fail("other", transient: false);

        (run["rest"].Status, run["rest"].DueAt).ShouldBe((StepStatus.Skipped, null));
        run.Lines.ShouldContain("stepSkipped:rest");
        run.Succeed("other");
        run.Succeed("a");
        run.State.ShouldBe(OperationState.Compensated);
    }

    [Fact]
    public void Should_send_nothing_twice_when_a_rejection_and_a_delayed_attempt_are_due_together()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a"), Graph.Approval("ask"), Graph.Step("b", "a", "ask")));
        run.Defer("a", TimeSpan.FromSeconds(5));
        run.Time.Advance(TimeSpan.FromMinutes(1));
        run.Answer("ask", WaitAnswerKind.Rejected);

        var decision = run.Wake();

        decision.Dispatches.Select(d => (d.Step, d.Direction)).ShouldBe([("a", Direction.Back)]);
    }

    [Fact]
    public void Should_begin_nothing_after_an_approval_when_a_rejection_comes_with_it()
    {
        var run = Run.Started(Graph.Of(Graph.Approval("yes"), Graph.Approval("no"), Graph.Step("b", "yes")));
        run.Answer("yes", WaitAnswerKind.Approved);
        run.Answer("no", WaitAnswerKind.Rejected);

        run.Wake();

        (run.State, run.Dispatches.Count, run["yes"].Status).ShouldBe((OperationState.Compensated, 0, StepStatus.Succeeded));
    }

    [Fact]
    public void Should_show_an_operator_a_failed_step_although_another_one_waits()
    {
        var run = Run.Started(Graph.Of(Graph.Pivot("p"), Graph.Approval("ask", "p") with { Kind = StepKind.Retriable }, Graph.Retriable("b", "p")));
        run.Succeed("p");

        run.Fail("b", transient: false);

        (run.State, run["ask"].Status).ShouldBe((OperationState.Stalled, StepStatus.Awaiting));
        run.Answer("ask", WaitAnswerKind.Approved);
        run.Wake().Changes.ShouldBeFalse("it waits for an operator");
    }

    [Fact]
    public void Should_ignore_reports_about_it()
    {
        var run = After(Asked);

        run.Succeed("ask").Changes.ShouldBeFalse();
        run.Fail("ask", transient: false).Changes.ShouldBeFalse();
        run.Defer("ask", TimeSpan.FromSeconds(1)).Changes.ShouldBeFalse();
        run.Redispatch().Changes.ShouldBeFalse();
    }

    private static Run After(WorkflowDefinition workflow)
    {
        var run = Run.Started(workflow);
        run.Succeed("a");
        return run;
    }

    private static WaitOutput Output(Run run, string step) => run[step].Output!.Value.Deserialize<WaitOutput>(Json.Options)!;
}
