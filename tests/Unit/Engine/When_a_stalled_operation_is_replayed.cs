using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Contracts.Failures;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Engine.Replays;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

public sealed class When_a_stalled_operation_is_replayed
{
    private static readonly WorkflowDefinition Reading = Graph.Of(
        Graph.Step("first"), Graph.Pivot("pivot", "first"), Graph.Retriable("tell", "pivot"), Graph.Retriable("count", "tell") with { Needs = ["tell"] });

    private static readonly WorkflowDefinition InARow = Graph.Of(
        Graph.Step("first"), Graph.Step("second", "first"), Graph.Step("third", "second"), Graph.Pivot("pivot", "third"));

    [Fact]
    public void Should_run_what_failed_with_new_attempts_and_reuse_what_is_done()
    {
        var run = StalledAt("tell");
        run.Plan()!.Steps.Select(s => (s.Name, s.Action)).ShouldBe(
            [("first", ReplayAction.Reused), ("pivot", ReplayAction.Reused), ("tell", ReplayAction.Runs), ("count", ReplayAction.Runs)]);
        var fence = run["tell"].Fence;

        run.Replay();

        (run.State, run["tell"].Status, run["tell"].Attempt, run["tell"].Fence).ShouldBe((OperationState.Running, StepStatus.Running, 1, fence + 1));
        run.Progress.Failure.ShouldBeNull();
        run["tell"].Deadline.ShouldBe(run.Time.GetUtcNow() + run.Workflow.Steps[2].Deadline, "its time begins anew");
        run.Succeed("tell", output: new { });
        run.Succeed("count");
        run.State.ShouldBe(OperationState.Completed);
        run.Lines.ShouldContain("replayed");
    }

    [Fact]
    public void Should_stall_again_when_it_fails_again()
    {
        var run = StalledAt("tell");

        run.Replay();
        run.Exhaust("tell");

        (run.State, run.Progress.Failure!.Code).ShouldBe((OperationState.Stalled, "tell-failed"));
        run.Replay().After.State.ShouldBe(OperationState.Running);
    }

    [Fact]
    public void Should_run_again_from_an_earlier_step_with_all_that_comes_after_it()
    {
        var run = StalledAt("count");
        var order = new ReplayOrder { From = "tell" };
        run.Plan(order)!["tell"].ShouldBe(ReplayAction.Runs);
        run.Plan(order)!.Warnings.ShouldBe(["Step 'tell' is done and runs again."]);

        run.Replay(order);

        (run["tell"].Status, run["count"].Status).ShouldBe((StepStatus.Running, StepStatus.Pending));
        run.Succeed("tell", output: new { });
        run["count"].Status.ShouldBe(StepStatus.Running);
    }

    [Fact]
    public void Should_skip_a_step_with_the_output_that_others_read()
    {
        var run = StalledAt("tell");
        Errors(run, new() { Skip = [Skip("tell")] }).ShouldBe([("/skip/0/output", "is needed, because step 'count' reads the output of 'tell'")]);
        var output = JsonSerializer.SerializeToElement(new { told = 3 });

        run.Replay(new() { Skip = [Skip("tell") with { Output = output }] });

        (run["tell"].Status, run["tell"].Output!.Value.GetRawText(), run["count"].Status).ShouldBe((StepStatus.Waived, """{"told":3}""", StepStatus.Running));
        run.Lines.ShouldContain("stepWaived:tell");
        run.Succeed("count");
        run.State.ShouldBe(OperationState.Completed);
    }

    [Fact]
    public void Should_complete_at_once_when_the_last_step_is_skipped()
    {
        var run = StalledAt("count");

        run.Replay(new() { Skip = [Skip("count")] });

        run.State.ShouldBe(OperationState.Completed);
        run.Dispatches.Count(d => d.Step == "count").ShouldBe(run.Workflow.Steps[3].MaxAttempts);
    }

    [Fact]
    public void Should_go_on_undoing_what_could_not_be_undone()
    {
        var run = StalledWhileUndone("left");
        run.Plan()!.Steps.Select(s => s.Action).Take(4).ShouldBe([ReplayAction.Undone, ReplayAction.Undone, ReplayAction.Stays, ReplayAction.Stays]);

        run.Replay();

        (run.State, run["left"].Status, run["first"].Status).ShouldBe((OperationState.Compensating, StepStatus.Compensating, StepStatus.Succeeded));
        run.Succeed("left");
        run.Succeed("first");
        run.State.ShouldBe(OperationState.Compensated);
        run.Progress.Failure.ShouldNotBeNull();
    }

    [Fact]
    public void Should_leave_undone_what_an_operator_skips()
    {
        var run = StalledWhileUndone("left");
        run.Plan(new() { Skip = [Skip("left")] })!.Warnings.ShouldBe(["What step 'left' did stays, and it may still take effect: an attempt got no answer."]);

        run.Replay(new() { Skip = [Skip("left")] });

        (run["left"].Status, run["first"].Status).ShouldBe((StepStatus.CompensationWaived, StepStatus.Compensating));
        run.Succeed("first");
        run.State.ShouldBe(OperationState.Compensated);
    }

    [Fact]
    public void Should_run_what_comes_after_a_skipped_step_only_when_all_before_it_is_done()
    {
        var run = Run.Started(Graph.Of(
            Graph.Step("first"), Graph.Pivot("pivot", "first"), Graph.Retriable("tell", "pivot"), Graph.Retriable("count", "tell"), Graph.Retriable("last", "count")));
        run.Succeed("first");
        run.Succeed("pivot");
        run.Exhaust("tell");

        run.Replay(new() { Skip = [Skip("count")] });

        (run["tell"].Status, run["count"].Status, run["last"].Status).ShouldBe((StepStatus.Running, StepStatus.Waived, StepStatus.Pending));
        run.Succeed("tell");
        run["last"].Status.ShouldBe(StepStatus.Running);
    }

    [Fact]
    public void Should_undo_what_is_before_a_skipped_compensation_only_when_all_after_it_is_undone()
    {
        var run = Run.Started(InARow);
        foreach (var step in (string[])["first", "second", "third"])
            run.Succeed(step);
        run.Fail("pivot", FailureKind.Permanent);
        run.Fail("third", FailureKind.Permanent);
        run.State.ShouldBe(OperationState.Stalled);

        run.Replay(new() { Skip = [Skip("second")] });

        (run["third"].Status, run["second"].Status, run["first"].Status).ShouldBe((StepStatus.Compensating, StepStatus.CompensationWaived, StepStatus.Succeeded));
        run.Succeed("third");
        run["first"].Status.ShouldBe(StepStatus.Compensating);
        run.Succeed("first");
        run.State.ShouldBe(OperationState.Compensated);
    }

    [Fact]
    public void Should_undo_what_is_before_a_step_that_was_skipped_only_when_all_after_it_is_undone()
    {
        var run = Run.Started(InARow);
        // It is skipped before it is reached, so it has nothing to undo itself.
        DeferForTooLong(run, "first");
        run.Replay(new() { Skip = [Skip("second")] });
        run.Succeed("first");
        run.Succeed("third");

        run.Fail("pivot", FailureKind.Permanent);

        (run["third"].Status, run["second"].Status, run["first"].Status).ShouldBe((StepStatus.Compensating, StepStatus.Waived, StepStatus.Succeeded));
        run.Succeed("third");
        run["first"].Status.ShouldBe(StepStatus.Compensating);
    }

    [Fact]
    public void Should_not_warn_of_late_effects_where_each_attempt_got_an_answer()
    {
        var run = StalledWhileUndone("left");
        var progress = run.Progress with { Steps = [.. run.Progress.Steps.Select(s => s.Name == "left" ? s with { UncertainAt = null } : s)] };

        var plan = ReplayRules.Plan(run.Workflow, progress, new() { Skip = [Skip("left")] }).ShouldBeOfType<ReplayAnswer.Planned>().Plan;

        plan.Warnings.ShouldBe(["What step 'left' did stays."]);
    }

    [Fact]
    public void Should_undo_again_what_is_undone_from_a_step_on()
    {
        var run = StalledWhileUndone("first");
        run["left"].Status.ShouldBe(StepStatus.Compensated);
        var order = new ReplayOrder { From = "left" };
        run.Plan(order)!["left"].ShouldBe(ReplayAction.Undone);

        run.Replay(order);

        (run["left"].Status, run["first"].Status.Phase).ShouldBe((StepStatus.Compensating, StepPhase.Failed));
        run.Succeed("left");
        run.Succeed("first");
        run.State.ShouldBe(OperationState.Compensated);
    }

    [Fact]
    public void Should_undo_an_operation_that_stalled_before_its_pivot()
    {
        var run = Run.Started(Graph.Diamond);
        run.Succeed("first");
        DeferForTooLong(run, "left");
        run.Succeed("right");
        run.State.ShouldBe(OperationState.Stalled);
        var order = new ReplayOrder { Mode = ReplayMode.Compensate };

        run.Replay(order);

        (run.State, run.Progress.Failure!.Code, run.Progress.Failure.Message).ShouldBe((OperationState.Compensating, EngineFailures.UndoneCode, "Undone by ada: It is mended."));
        foreach (var step in (string[])["left", "right", "first"])
            run.Succeed(step);
        run.State.ShouldBe(OperationState.Compensated);
    }

    [Fact]
    public void Should_undo_a_skipped_step_that_had_attempts_before_if_the_operation_fails_later()
    {
        var run = Run.Started(Graph.Diamond);
        run.Succeed("first");
        DeferForTooLong(run, "left");
        run.Succeed("right");
        run.Replay(new() { Skip = [Skip("left")] });

        run.Fail("last", transient: false);

        run.Succeed("last");
        run["left"].Status.ShouldBe(StepStatus.Compensating);
    }

    [Fact]
    public void Should_undo_a_step_that_acted_before_although_it_did_not_get_to_run_again()
    {
        var run = Run.Started(Graph.Diamond);
        run.Succeed("first");
        run.Succeed("left");
        DeferForTooLong(run, "right");
        run.State.ShouldBe(OperationState.Stalled);
        run.Replay(new() { From = "first" });
        (run["first"].Status, run["left"].Status).ShouldBe((StepStatus.Running, StepStatus.Pending));

        run.Fail("first", transient: false);

        (run.State, run["left"].Status).ShouldBe((OperationState.Compensating, StepStatus.Compensating));
    }

    [Fact]
    public void Should_not_change_what_comes_before_a_pivot_that_may_have_taken_effect()
    {
        var run = Run.Started(Reading);
        run.Succeed("first");
        while (run.State == OperationState.Running)
            _ = run["pivot"].Status.IsDispatched ? run.Silence("pivot") : run.WakeWhenDue();

        run.State.ShouldBe(OperationState.Stalled);
        Errors(run, new() { From = "first" }).ShouldBe([("/from", "must come after the pivot, step 'pivot', which may have taken effect")]);
        Errors(run, new() { Skip = [Skip("pivot")] }).Single().Pointer.ShouldBe("/skip/0/step");
        run.Answer(new() { Mode = ReplayMode.Compensate }).ShouldBeOfType<ReplayAnswer.Refused>().Why.ShouldContain("has reached its pivot");
        run.Replay();
        run["pivot"].Status.ShouldBe(StepStatus.Running);
        run.Cancel();
        run.State.ShouldBe(OperationState.Running);
    }

    [Fact]
    public void Should_not_go_forward_again_once_it_is_undone()
    {
        var run = StalledWhileUndone("left");

        run.Answer(new() { Mode = ReplayMode.Forward }).ShouldBeOfType<ReplayAnswer.Refused>().Why.ShouldContain("mode compensate");
    }

    [Fact]
    public void Should_name_every_field_that_breaks_a_rule()
    {
        var run = StalledAt("tell");

        Errors(run, new() { From = "nothing", Skip = [Skip("first"), Skip("strange"), Skip("count"), Skip("count")] }).Select(e => e.Pointer)
            .ShouldBe(["/from", "/skip/0/step", "/skip/1/step", "/skip/3/step"]);
        Errors(run, new() { From = "count" }).Single().Detail.ShouldContain("has not");
        Errors(run, new() { Skip = [Skip("count") with { Output = JsonSerializer.SerializeToElement(3) }] }).ShouldBe([("/skip/0/output", "must be a JSON object")]);
    }

    [Fact]
    public void Should_not_run_a_step_again_that_somebody_rejected()
    {
        var run = Run.Started(Graph.Of(Graph.Step("first"), Graph.Pivot("pivot", "first"), Graph.Approval("approval", "pivot") with { Kind = StepKind.Retriable }));
        run.Succeed("first");
        run.Succeed("pivot");
        run.Answer("approval", WaitAnswerKind.Rejected);
        run.Wake();

        run.State.ShouldBe(OperationState.Stalled);
        run.Answer().ShouldBeOfType<ReplayAnswer.Refused>().Why.ShouldContain("was rejected by ada");
        Errors(run, new() { Skip = [Skip("approval")] }).Single().Detail.ShouldContain("approve or reject");
    }

    [Fact]
    public void Should_say_in_its_history_that_it_changed_since_the_order()
    {
        var run = StalledAt("tell");
        var plan = run.Plan()!.Digest;
        run.Replay();
        run.Exhaust("tell");

        var decision = run.Replay(plan: plan);

        (decision.After.State, decision.History.Single().Event).ShouldBe((OperationState.Stalled, HistoryEvents.ReplayRefused));
    }

    [Fact]
    public void Should_have_another_digest_for_another_order_and_after_every_change()
    {
        var run = StalledAt("tell");
        var digests = new List<string> { run.Plan()!.Digest, run.Plan(new() { Skip = [Skip("count")] })!.Digest, run.Plan(new() { Skip = [Skip("count") with { Reason = "Another." }] })!.Digest };
        run.Replay();
        run.Exhaust("tell");
        digests.Add(run.Plan()!.Digest);

        digests.ShouldBeUnique();
        run.Plan()!.Digest.ShouldBe(digests[^1]);
    }

    private static Run StalledAt(string step)
    {
        var run = Run.Started(Reading);
        foreach (var before in Reading.Steps.TakeWhile(s => s.Name != step))
            run.Succeed(before.Name, output: new { });
        run.Exhaust(step);
        run.State.ShouldBe(OperationState.Stalled);
        return run;
    }

    private static Run StalledWhileUndone(string step)
    {
        var run = Run.Started(Graph.Diamond);
        run.Succeed("first");
        run.Fail("right", FailureKind.Permanent);
        run.Succeed("right");
        if (step == "first")
            run.Succeed("left");
        run.Fail(step, FailureKind.Permanent);
        run.State.ShouldBe(OperationState.Stalled);
        return run;
    }

    // Such a failure never makes an operation compensate by itself.
    private static void DeferForTooLong(Run run, string step)
    {
        run.Defer(step, TimeSpan.FromSeconds(1));
        run.Time.Advance(run.Workflow.Steps.First(s => s.Name == step).DeferredAtMost);
        run.Wake();
        run.Defer(step, TimeSpan.FromSeconds(1));
        run[step].Failure!.Code.ShouldBe(EngineFailures.DeferredTooLong);
    }

    private static SkippedStep Skip(string step) => new() { Step = step, Reason = "It is done by hand." };

    private static List<(string Pointer, string Detail)> Errors(Run run, ReplayOrder order) =>
        [.. run.Answer(order).ShouldBeOfType<ReplayAnswer.Invalid>().Errors.Select(e => (e.Pointer, e.Detail))];
}
