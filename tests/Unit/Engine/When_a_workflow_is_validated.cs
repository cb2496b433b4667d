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
    };

    [Theory, MemberData(nameof(Broken))]
    public void Should_name_the_step_and_the_rule(string rule, StepDefinition[] steps)
    {
        var workflow = new WorkflowDefinition { Kind = "bad", Version = 3, Steps = steps };

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
