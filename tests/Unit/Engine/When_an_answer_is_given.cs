using System.Text.Json;
using Saga.Engine.Operations;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

/// <summary>Which step an answer is for, and why there may be none.</summary>
public sealed class When_an_answer_is_given
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 4, 12, 0, 0, TimeSpan.Zero);

    private static readonly WorkflowDefinition Workflow = Graph.Of(
        Graph.Step("work"), Graph.Approval("first"), Graph.Approval("second"), Graph.Signal("payment", "paid"), Graph.Timer("rest", TimeSpan.FromDays(1)));

    [Fact]
    public void Should_find_the_only_step_that_waits_for_an_approval() =>
        Match(Decide(WaitAnswerKind.Approved), ("first", StepStatus.Awaiting, null)).ShouldBe(new WaitMatch.Found("first", true));

    [Fact]
    public void Should_ask_for_the_step_when_several_wait()
    {
        (string, StepStatus, WaitAnswer?)[] both = [("first", StepStatus.Awaiting, null), ("second", StepStatus.Awaiting, null)];

        Why(Match(Decide(WaitAnswerKind.Approved), both)).ShouldBe("Several steps wait for an approval: name one of 'first', 'second' as step.");
        Match(Decide(WaitAnswerKind.Rejected) with { Step = "second" }, both).ShouldBe(new WaitMatch.Found("second", true));
    }

    [Fact]
    public void Should_refuse_an_approval_that_nothing_waits_for()
    {
        Why(Match(Decide(WaitAnswerKind.Approved))).ShouldBe("No step of the operation waits for an approval.");
        Why(Match(Decide(WaitAnswerKind.Approved) with { Step = "first" })).ShouldBe("Step 'first' does not wait for its approval yet.");
        Why(Match(Decide(WaitAnswerKind.Approved) with { Step = "work" })).ShouldBe("The operation has no step 'work' that waits for an approval.");
        Why(Match(Decide(WaitAnswerKind.Approved) with { Step = "payment" })).ShouldBe("The operation has no step 'payment' that waits for an approval.");
        Why(Match(Decide(WaitAnswerKind.Approved) with { Step = "first" }, ("first", StepStatus.Skipped, null))).ShouldBe("Step 'first' does not wait any more.");
    }

    [Theory, InlineData(null), InlineData("first")]
    public void Should_name_the_one_who_answered_before(string? step)
    {
        var given = Answer(WaitAnswerKind.Approved) with { By = "grace" };

        foreach (var status in new[] { StepStatus.Awaiting, StepStatus.Succeeded })
        {
            Why(Match(Decide(WaitAnswerKind.Rejected) with { Step = step }, ("first", status, given)))
                .ShouldBe("Step 'first' was approved by grace at 2026-03-04 12:00:00Z already.");
        }
    }

    [Theory, InlineData(OperationState.Running), InlineData(OperationState.Completed), InlineData(OperationState.Compensating)]
    public void Should_know_the_same_answer_again_whatever_came_of_it(OperationState state)
    {
        var given = Answer(WaitAnswerKind.Rejected);

        Match(state, Decide(WaitAnswerKind.Rejected), ("first", StepStatus.Failed, given)).ShouldBe(new WaitMatch.Repeated("first"));
        var told = Answer(WaitAnswerKind.Signalled) with { Data = JsonElement.Parse("""{"a":1}""") };
        Match(state, Signal("paid") with { Answer = told with { Data = JsonElement.Parse("""{ "a": 1 }""") } }, ("payment", StepStatus.Succeeded, told)).ShouldBe(new WaitMatch.Repeated("payment"));
        Match(state, Signal("paid") with { Answer = told with { Data = JsonElement.Parse("""{"a":2}""") } }, ("payment", StepStatus.Succeeded, told)).ShouldBeOfType<WaitMatch.Unmatched>();
    }

    [Fact]
    public void Should_keep_a_signal_that_comes_early_and_refuse_one_that_comes_late()
    {
        Match(Signal("paid")).ShouldBe(new WaitMatch.Found("payment", false));
        Match(OperationState.Accepted, Signal("paid")).ShouldBe(new WaitMatch.Found("payment", false));
        Match(Signal("paid"), ("payment", StepStatus.Awaiting, null)).ShouldBe(new WaitMatch.Found("payment", true));
        Why(Match(Signal("paid"), ("payment", StepStatus.Failed, null))).ShouldBe("Step 'payment' does not wait any more.");
        Why(Match(Signal("shipped"))).ShouldBe("The operation waits for no signal 'shipped'. Its signals are 'paid'.");
        Why(WaitRules.Match(Graph.Diamond, OperationState.Running, StepRun.InOrder(Graph.Diamond, []), Signal("paid"))).ShouldBe("The operation waits for no signal 'paid', and for no other.");
    }

    [Fact]
    public void Should_end_waits_for_times_and_signals_early_and_no_others()
    {
        Match(End("rest"), ("rest", StepStatus.Awaiting, null)).ShouldBe(new WaitMatch.Found("rest", true));
        Match(End("payment"), ("payment", StepStatus.Awaiting, null)).ShouldBe(new WaitMatch.Found("payment", true));
        Why(Match(End("first"), ("first", StepStatus.Awaiting, null))).ShouldBe("Step 'first' waits for an approval: approve or reject it.");
        Why(Match(End("rest"))).ShouldBe("Step 'rest' does not wait yet.");
        Why(Match(End("work"))).ShouldBe("The operation has no step 'work' that waits.");
    }

    [Fact]
    public void Should_accept_answers_only_while_the_operation_may_go_on()
    {
        foreach (var state in Enum.GetValues<OperationState>())
        {
            var match = Match(state, Decide(WaitAnswerKind.Approved), ("first", StepStatus.Awaiting, null));
            if (state is OperationState.Accepted or OperationState.Running or OperationState.Stalled)
                match.ShouldBe(new WaitMatch.Found("first", true));
            else
                Why(match).ShouldContain(state == OperationState.Compensating ? "compensates" : $"has ended ({OperationStateNames.Of(state)})");
        }
    }

    private static WaitMatch Match(WaitRequest request, params (string Step, StepStatus Status, WaitAnswer? Answer)[] known) => Match(OperationState.Running, request, known);

    private static WaitMatch Match(OperationState state, WaitRequest request, params (string Step, StepStatus Status, WaitAnswer? Answer)[] known) => WaitRules.Match(
        Workflow, state, StepRun.InOrder(Workflow, known.Select(k => new StepRun { Name = k.Step, Status = k.Status, Answer = k.Answer })), request);

    private static string Why(WaitMatch match) => match.ShouldBeOfType<WaitMatch.Unmatched>().Why;

    private static WaitAnswer Answer(WaitAnswerKind kind) => new() { Kind = kind, By = "ada", Reason = "so be it", At = Noon };

    private static WaitRequest Decide(WaitAnswerKind kind) => new() { Answer = Answer(kind) };

    private static WaitRequest Signal(string name) => new() { Answer = Answer(WaitAnswerKind.Signalled), Signal = name };

    private static WaitRequest End(string step) => new() { Answer = Answer(WaitAnswerKind.Ended), Step = step };
}
