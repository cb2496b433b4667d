using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Replays;
using Saga.Engine.Workflows;
using Saga.Tests.Unit.Intake;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

public sealed class When_an_operation_is_forced_to_its_end
{
    // The first and the last step write only the registry.
    private static readonly WorkflowDefinition Making = Graph.Of(
        Registry(Graph.Step("reserve")), Graph.Step("make", "reserve"), Graph.Step("check", "make"), Registry(Graph.Pivot("activate", "check")),
        Graph.Retriable("tell", "activate"), Registry(Graph.Retriable("announce", "activate", "check")) with { Needs = ["check"] }) with
    {
        Forced = new() { Completed = TenantStatus.Active, Undone = TenantStatus.Failed, Statable = ["check", "tell"], Dispensable = ["tell"] },
    };

    private static readonly JsonElement Checked = JsonSerializer.SerializeToElement(new { checks = 3 });

    [Fact]
    public void Should_take_what_is_outside_at_its_word_and_let_the_registry_say_the_same()
    {
        var run = StalledAt("check");
        var order = Order(("check", StatedEffect.Done), ("activate", StatedEffect.Done), ("announce", StatedEffect.Done), ("tell", StatedEffect.Absent)) with { Skip = [Output("check")] };
        var plan = run.Plan(order)!;
        plan.Steps.Select(s => (s.Name, s.Action)).ShouldBe(
        [
            ("reserve", ReplayAction.Reused), ("make", ReplayAction.Reused), ("check", ReplayAction.Skipped), ("activate", ReplayAction.Runs), ("tell", ReplayAction.Skipped),
            ("announce", ReplayAction.Runs),
        ]);
        plan.Follows.ShouldBe(TenantStatus.Active);
        plan.Warnings.ShouldBe(
        [
            "Step 'check' is taken at your word, and nobody looks. I looked.", "Step 'tell' is taken at your word, and nobody looks. Stated as absent.",
            "The tenant is scanned for drift and verified afterwards.",
        ]);

        run.Replay(order);

        (run.State, run["check"].Status, run["check"].Output!.Value.GetRawText(), run["activate"].Status, run["tell"].Status)
            .ShouldBe((OperationState.Running, StepStatus.Waived, """{"checks":3}""", StepStatus.Running, StepStatus.Waived));
        run.Succeed("activate");
        run.Succeed("announce");
        run.State.ShouldBe(OperationState.Completed);
        run.Dispatches.ShouldNotContain(d => d.Step == "tell");
    }

    [Fact]
    public void Should_undo_what_only_the_registry_says_when_all_else_is_absent()
    {
        var run = StalledWhileUndone();
        var order = Order(("reserve", StatedEffect.Absent), ("make", StatedEffect.Absent));
        run.Plan(order)!.Follows.ShouldBe(TenantStatus.Failed);
        run.Plan(order)!.Warnings.ShouldBe(["Step 'make' is taken at your word, and nobody looks. Stated as absent.", "The tenant is scanned for drift afterwards."]);

        run.Replay(order);

        (run.State, run["make"].Status, run["reserve"].Status).ShouldBe((OperationState.Compensating, StepStatus.CompensationWaived, StepStatus.Compensating));
        run.Succeed("reserve");
        run.State.ShouldBe(OperationState.Compensated);
    }

    [Fact]
    public void Should_be_told_of_every_open_step_what_the_command_allows()
    {
        var forward = StalledAt("check");
        Errors(forward, Order()).ShouldBe(
        [
            ("/states/check", "is needed: done, because the step is open"), ("/states/activate", "is needed: done, because the step is open"),
            ("/states/tell", "is needed: done, because the step is open"), ("/states/announce", "is needed: done, because the step is open"),
        ]);
        (string, StatedEffect)[] rest = [("activate", StatedEffect.Done), ("tell", StatedEffect.Done), ("announce", StatedEffect.Done)];
        Errors(forward, Order([.. rest, ("check", StatedEffect.Absent)])).ShouldBe(
            [("/states/check", "must be done: a completed operation of the kind 'test' has it. Replay the operation, or undo it with the mode compensate")]);
        Errors(forward, Order([.. rest, ("check", StatedEffect.Done), ("make", StatedEffect.Done)])).ShouldBe([("/states/make", "must be a step that is open: check, activate, tell, announce")]);
        Errors(forward, Order([.. rest, ("check", StatedEffect.Done)])).ShouldBe(
            [("/skip", "must have the step 'check' with its output, which is needed, because step 'announce' reads the output of 'check'")]);
        Errors(forward, Order([.. rest, ("check", StatedEffect.Done)]) with { From = "make", Skip = [Output("make"), Output("check")] }).ShouldBe(
            [("/from", "is not for the mode forceComplete"), ("/skip/0/step", "must be a step whose effect states says is done: here it only gives the output")]);
        Errors(StalledAt("make"), Order([.. rest, ("check", StatedEffect.Done), ("make", StatedEffect.Done)]) with { Skip = [Output("check")] }).ShouldBe(
            [("/states/make", "cannot be stated, because what the step leaves in the registry would be missing. Replay the operation, or undo it with the mode compensate")]);

        var back = StalledWhileUndone();
        Errors(back, Order(("make", StatedEffect.Done), ("reserve", StatedEffect.Absent))).ShouldBe(
            [("/states/make", "must be absent: an operation that is undone leaves nothing. To leave it all the same, skip the step in the mode compensate")]);
        Errors(back, Order(("make", StatedEffect.Absent))).ShouldBe([("/states/reserve", "is needed: absent, because the step is open")]);
    }

    [Fact]
    public void Should_use_the_output_that_a_step_has()
    {
        var run = StalledAt("tell");
        run.Progress = run.Progress with { Steps = [.. run.Progress.Steps.Select(s => s.Name == "check" ? s with { Status = StepStatus.Failed, Output = Checked } : s)] };

        run.Plan(Order(("check", StatedEffect.Done), ("tell", StatedEffect.Done), ("announce", StatedEffect.Done)))!.Skipped[0].Output!.Value.GetRawText().ShouldBe("""{"checks":3}""");
    }

    [Fact]
    public void Should_be_refused_where_no_status_follows()
    {
        var run = Run.Started(Graph.Diamond);
        run.Succeed("first");
        run.Exhaust("left");
        run.Progress = run.Progress with { State = OperationState.Stalled };

        Errors(run, Order(("left", StatedEffect.Done))).ShouldHaveSingleItem().Pointer.ShouldBe("/mode");
        Errors(StalledAt("check"), new() { States = new Dictionary<string, StatedEffect> { ["check"] = StatedEffect.Done } }).ShouldBe([("/states", "is for the mode forceComplete")]);
    }

    [Fact]
    public void Should_be_possible_for_commands_that_say_what_follows()
    {
        Catalogue.Workflows.Where(w => w.Forced is not null).Select(w => $"{w.Kind}: {w.Forced!.Completed}/{w.Forced.Undone}").Distinct().ShouldBe(
            ["provision: Active/Failed", "adopt: Active/", "suspend: Suspended/", "reactivate: Active/", "deprovision: Suspended/", "cancelDeprovision: Active/", "remove: Deprovisioned/", "update: Active/"]);
        foreach (var workflow in Catalogue.Workflows.Where(w => w.Forced is not null))
        {
            workflow.Forced!.Dispensable.ShouldBeSubsetOf(workflow.Forced.Statable);
            workflow.Steps.Where(s => s.Kind == StepKind.Pivot).ShouldAllBe(s => !workflow.Forced.Statable.Contains(s.Name), "a pivot decides whether the operation has taken effect");
        }
    }

    private static StepDefinition Registry(StepDefinition step) => step with { Worker = WorkerNames.Reservation };

    private static ReplayOrder Order(params (string Step, StatedEffect Effect)[] states) =>
        new() { Mode = ReplayMode.ForceComplete, States = states.ToDictionary(s => s.Step, s => s.Effect) };

    private static SkippedStep Output(string step) => new() { Step = step, Reason = "I looked.", Output = Checked };

    private static IEnumerable<(string Pointer, string Detail)> Errors(Run run, ReplayOrder order) => run.Answer(order).ShouldBeOfType<ReplayAnswer.Invalid>().Errors.Select(e => (e.Pointer, e.Detail));

    // As if its failure did not make the operation compensate.
    private static Run StalledAt(string step)
    {
        var run = Run.Started(Making);
        foreach (var before in Making.Steps.TakeWhile(s => s.Name != step))
            run.Succeed(before.Name);
        run.Progress = run.Progress with
        {
            State = OperationState.Stalled, Steps = [.. run.Progress.Steps.Select(s => s.Name == step ? s with { Status = StepStatus.Failed } : s.Status == StepStatus.Running ? s with { Status = StepStatus.Pending } : s)],
        };
        return run;
    }

    private static Run StalledWhileUndone()
    {
        var run = Run.Started(Making);
        run.Succeed("reserve");
        run.Fail("make", FailureKind.Permanent);
        run.Fail("make", FailureKind.Permanent);
        run.State.ShouldBe(OperationState.Stalled);
        return run;
    }
}
