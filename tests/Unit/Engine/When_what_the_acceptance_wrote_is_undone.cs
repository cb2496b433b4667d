using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

/// <summary>The compensations of the product's first steps undo it, also if only a team's own steps have run, and nothing of the product.</summary>
public sealed class When_what_the_acceptance_wrote_is_undone
{
    // A team's step, then the product's first ones.
    private static readonly WorkflowDefinition Late = Graph.Of(
        Graph.Step("acme.account.open"), Graph.Step("first", "acme.account.open"), Graph.Step("beside", "acme.account.open"), Graph.Step("then", "first", "beside"), Graph.Pivot("pivot", "then"));

    [Fact]
    public void Should_be_undone_before_the_teams_step_that_failed()
    {
        var run = Started(Late);

        run.Fail("acme.account.open", transient: false);

        run.Dispatches.Skip(1).Select(d => (d.Step, d.Direction)).ShouldBe([("first", Direction.Back), ("beside", Direction.Back)]);
        (run["then"].Status, run["pivot"].Status).ShouldBe((StepStatus.Skipped, StepStatus.Skipped));
        run.Succeed("first");
        run.Dispatches.Count.ShouldBe(3, "another first step is not undone yet");
        run.Succeed("beside");
        run.Dispatches[^1].Step.ShouldBe("acme.account.open");
        run.Succeed("acme.account.open");
        run.State.ShouldBe(OperationState.Compensated);
    }

    [Fact]
    public void Should_be_undone_with_the_first_step_that_has_begun_and_the_one_that_has_not()
    {
        var run = Started(Graph.Of(Graph.Step("acme.account.open"), Graph.Step("first"), Graph.Step("beside", "acme.account.open"), Graph.Pivot("pivot", "first", "beside")));

        run.Fail("acme.account.open", transient: false);

        run.Dispatches.Skip(2).Select(d => (d.Step, d.Direction)).ShouldBe([("beside", Direction.Back), ("first", Direction.Back)], ignoreOrder: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Should_be_undone_when_the_operation_is_cancelled_before_the_first_step(bool hasStarted)
    {
        var run = hasStarted ? Started(Late) : Accepted(Late);

        run.Cancel();

        run.Dispatches.Where(d => d.Direction == Direction.Back).Select(d => d.Step).ShouldBe(["first", "beside"]);
        foreach (var step in (string[])["first", "beside"])
            run.Succeed(step);
        if (hasStarted)
            run.Succeed("acme.account.open");
        run.State.ShouldBe(OperationState.Cancelled);
    }

    [Fact]
    public void Should_be_undone_when_a_wait_before_it_is_rejected()
    {
        var run = Started(Graph.Of(Graph.Approval("acme.contract.sign"), Graph.Step("acme.account.open", "acme.contract.sign"), Graph.Step("first", "acme.account.open"), Graph.Pivot("pivot", "first")));
        run.Answer("acme.contract.sign", WaitAnswerKind.Rejected);

        run.Wake();

        run.Dispatches.Select(d => (d.Step, d.Direction)).ShouldBe([("first", Direction.Back)]);
        run.Succeed("first");
        run.State.ShouldBe(OperationState.Compensated);
    }

    [Fact]
    public void Should_not_be_looked_for_when_nothing_was_written()
    {
        var run = Run.Started(Late);

        run.Fail("acme.account.open", transient: false);

        run.Dispatches.Skip(1).Select(d => d.Step).ShouldBe(["acme.account.open"]);
    }

    private static Run Accepted(WorkflowDefinition workflow)
    {
        var run = new Run(workflow);
        run.Progress = run.Progress with { WroteOnAcceptance = true };
        return run;
    }

    private static Run Started(WorkflowDefinition workflow)
    {
        var run = Accepted(workflow);
        run.Start();
        return run;
    }
}
