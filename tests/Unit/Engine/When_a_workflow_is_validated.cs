using Saga.Engine;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

public sealed class When_a_workflow_is_validated
{
    public static TheoryData<string, StepDefinition[]> Broken => new()
    {
        { "it has no steps", [] },
        { "step 'a' is listed twice", [Graph.Step("a"), Graph.Step("a")] },
        { "step 'a' comes after 'nothing', which is not a step", [Graph.Step("a", "nothing")] },
        { "step 'a' comes after itself", [Graph.Step("a", "a")] },
        { "step 'a' comes after itself", [Graph.Step("a", "c"), Graph.Step("b", "a"), Graph.Step("c", "b")] },
        { "step 'b' needs the output of 'nothing', which does not come before it", [Graph.Step("a"), Graph.Step("b", "a") with { Needs = ["nothing"] }] },
        { "step 'a' needs the output of 'b', which does not come before it", [Graph.Step("a") with { Needs = ["b"] }, Graph.Step("b", "a")] },
        { "step 'c' needs the output of 'b', which does not come before it", [Graph.Step("a"), Graph.Step("b", "a"), Graph.Step("c", "a") with { Needs = ["b"] }] },
        { "step 'a' needs the output of 'a', which does not come before it", [Graph.Step("a") with { Needs = ["a"] }] },
        { "it has more than one pivot", [Graph.Step("a"), Graph.Pivot("p", "a"), Graph.Pivot("q", "a", "p")] },
        { "retriable step 'r' must come after the pivot", [Graph.Step("a"), Graph.Pivot("p", "a"), Graph.Retriable("r", "a")] },
        { "retriable step 'r' must come after the pivot", [Graph.Retriable("r")] },
        { "compensatable step 'b' must come before the pivot", [Graph.Step("a"), Graph.Step("b"), Graph.Pivot("p", "a")] },
        { "compensatable step 'b' must come before the pivot", [Graph.Pivot("p"), Graph.Step("b", "p")] },
        { "step 'a' needs at least one attempt", [Graph.Step("a") with { MaxAttempts = 0 }] },
        { "step 'a' needs at least one attempt", [Graph.Step("a") with { AttemptTimeout = TimeSpan.Zero }] },
        { "step 'a' may take more than a day for one attempt", [Graph.Step("a") with { AttemptTimeout = TimeSpan.FromHours(25), Deadline = TimeSpan.FromHours(25) }] },
        { "deadline not below its attempt timeout", [Graph.Step("a") with { Deadline = TimeSpan.FromSeconds(59) }] },
        { "step 'a' names no worker", [Graph.Step("a") with { Worker = "" }] },
        { "step 'a' waits, so no worker may run it", [Graph.Approval("a") with { Worker = "w" }] },
        { "step 'a' waits, so it cannot be the pivot", [Graph.Approval("a") with { Kind = StepKind.Pivot }] },
        { "step 'a' needs a positive time to wait", [Graph.Timer("a", TimeSpan.FromSeconds(-1))] },
        { "step 'a' needs a positive time to wait", [Graph.Wait("a", new() { For = WaitKind.Approval, AtMost = TimeSpan.Zero })] },
        { "it needs either how long or the step that says until when", [Graph.Wait("a", new() { For = WaitKind.Time })] },
        { "it needs either how long or the step that says until when", [Graph.Step("b"), Graph.Wait("a", new() { For = WaitKind.Time, Lasts = TimeSpan.Zero, UntilOutputOf = "b" }, "b")] },
        { "step 'a' waits for a time, so it has no limit", [Graph.Wait("a", new() { For = WaitKind.Time, Lasts = TimeSpan.Zero, AtMost = TimeSpan.FromDays(1) })] },
        { "step 'a' does not wait for a time", [Graph.Wait("a", new() { For = WaitKind.Approval, Lasts = TimeSpan.FromDays(1) })] },
        { "step 'a' needs the name of its signal", [Graph.Wait("a", new() { For = WaitKind.Signal })] },
        { "step 'a' needs the name of its signal", [Graph.Signal("a", "not one")] },
        { "step 'a' waits for no signal", [Graph.Wait("a", new() { For = WaitKind.Approval, Signal = "paid" })] },
        { "several steps wait for the signal 'paid'", [Graph.Signal("a", "paid"), Graph.Signal("b", "paid", "a")] },
        { "step 'a' waits until a time of 'b', which does not come before it", [Graph.Step("b"), Graph.Wait("a", new() { For = WaitKind.Time, UntilOutputOf = "b" })] },
    };

    [Fact]
    public void Should_ask_for_the_engine_level_of_steps_that_wait() => Should.Throw<InvalidOperationException>(
            () => new WorkflowDefinition { Kind = "bad", Version = 3, Steps = [Graph.Approval("a")] }.Validated())
        .Message.ShouldBe("Workflow 'bad' version 3 is invalid: step 'a' waits, which needs engine level 2.");

    [Theory, MemberData(nameof(Broken))]
    public void Should_name_the_step_and_the_rule(string rule, StepDefinition[] steps)
    {
        var workflow = new WorkflowDefinition { Kind = "bad", Version = 3, Steps = steps, EngineLevel = EngineLevel.Current.Value };

        Should.Throw<InvalidOperationException>(workflow.Validated).Message
            .ShouldSatisfyAllConditions(m => m.ShouldStartWith("Workflow 'bad' version 3 is invalid: "), m => m.ShouldContain(rule));
    }

    [Fact]
    public void Should_take_a_chain_a_diamond_and_steps_after_each_other_by_others() =>
        Should.NotThrow(() => (
            Graph.Diamond,
            Graph.Of(Graph.Step("b", "a"), Graph.Step("a")),
            Graph.Of(Graph.Pivot("p")),
            Graph.Of(Graph.Step("a"), Graph.Pivot("p", "a"), Graph.Retriable("r", "p"), Graph.Retriable("s", "r"))));
}
