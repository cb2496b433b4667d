using Saga.Contracts.Failures;
using Saga.Engine.Operations;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

/// <summary>
/// The effects of a forward attempt with an unknown outcome may appear after its compensation has run. So the compensation runs once
/// more after the external system's longest delay, and the step does not count as compensated before that.
/// </summary>
public sealed class When_an_attempt_was_cut_short
{
    private static readonly TimeSpan Lingers = TimeSpan.FromSeconds(30);

    public static TheoryData<string> CutShort { get; } = new("an outage", "its time is over", "its worker is lost", "a failure that says so", "the turn itself", "a lost report");

    [Theory, MemberData(nameof(CutShort))]
    public void Should_compensate_once_more_after_the_systems_longest_delay(string by)
    {
        var run = Cut(by);
        var cut = run.Time.GetUtcNow();
        run.Take("a");

        var first = run.Succeed("a", lingersFor: Lingers);

        first.History.Select(Run.Text).ShouldBe(["compensationAgain:a"]);
        first.Settlements.ShouldHaveSingleItem();
        run["a"].ShouldSatisfyAllConditions(s => s.Status.ShouldBe(StepStatus.CompensationWaiting), s => s.DueAt.ShouldBe(cut + Lingers));
        run.State.ShouldBe(OperationState.Compensating);
        run["base"].Status.ShouldBe(StepStatus.Succeeded, "its prerequisite waits");

        run.WakeWhenDue();
        run["a"].Status.ShouldBe(StepStatus.Compensating);
        run.Succeed("a", lingersFor: Lingers);
        run["a"].Status.ShouldBe(StepStatus.Compensated);
        run.Succeed("base", lingersFor: Lingers);
        run.State.ShouldBe(OperationState.Compensated);
    }

    [Theory, InlineData("its time is over"), InlineData("the turn itself")]
    public void Should_count_the_delay_from_the_moment_when_the_attempt_can_have_called_last(string by)
    {
        var run = Cut(by);
        // Until then the attempt has the lease, and does not know that it was given up.
        run.Time.Advance(TimeSpan.FromSeconds(8));
        run.Take("a");
        var taken = run.Time.GetUtcNow();
        run.Time.Advance(TimeSpan.FromSeconds(1));

        run.Succeed("a", lingersFor: Lingers);

        run["a"].ShouldSatisfyAllConditions(s => s.Status.ShouldBe(StepStatus.CompensationWaiting), s => s.DueAt.ShouldBe(taken + Lingers));
        run.WakeWhenDue();
        run.Take("a");
        run.Succeed("a", lingersFor: Lingers);
        run["a"].Status.ShouldBe(StepStatus.Compensated);
    }

    [Fact]
    public void Should_compensate_once_when_the_delay_was_over_before()
    {
        var run = Cut("an outage", turn: false);
        run.Time.Advance(Lingers);
        Turn(run);

        run.Succeed("a", lingersFor: Lingers);

        run["a"].Status.ShouldBe(StepStatus.Compensated);
    }

    [Fact]
    public void Should_compensate_once_where_nothing_lingers()
    {
        var run = Cut("its time is over");

        run.Succeed("a");

        run["a"].Status.ShouldBe(StepStatus.Compensated);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Should_compensate_once_when_every_outcome_is_known(bool succeeds)
    {
        var run = Run.Started(Graph.Of(Graph.Step("a"), Graph.Step("b")));
        if (succeeds)
            run.Succeed("a");
        else
            run.Fail("a", FailureKind.Transient);
        run.Fail("b", transient: false);

        run.Succeed("a", lingersFor: Lingers);

        run["a"].Status.ShouldBe(StepStatus.Compensated);
    }

    [Fact]
    public void Should_not_wait_twice_when_its_result_comes_twice()
    {
        var run = Cut("an outage");
        run.Succeed("a", lingersFor: Lingers);

        run.Succeed("a", lingersFor: Lingers).Changes.ShouldBeFalse();
    }

    [Fact]
    public void Should_remember_it_through_a_later_success()
    {
        var run = Cut("an outage", turn: false);
        run.WakeWhenDue();
        run.Succeed("a");
        Turn(run);

        run.Succeed("a", lingersFor: Lingers);

        run["a"].Status.ShouldBe(StepStatus.CompensationWaiting, "the first attempt's call may still come");
    }

    private static Run Cut(string by, bool turn = true)
    {
        var run = Run.Started(Graph.Of(
            Graph.Step("base"), Graph.Step("b", "base"), Graph.Step("a", "base") with { Backoff = TimeSpan.Zero, AttemptTimeout = TimeSpan.FromSeconds(10) }));
        run.Succeed("base");
        switch (by)
        {
            case "an outage":
                run.Defer("a", TimeSpan.FromSeconds(1), outcomeUnknown: true);
                break;
            case "its time is over":
                run.WakeWhenDue();
                break;
            case "its worker is lost":
                run.Lose("a");
                break;
            case "a failure that says so":
                run.Fail("a", FailureKind.Transient, outcomeUnknown: true);
                break;
            case "a lost report":
                run.Redispatch();
                break;
        }

        if (turn)
            Turn(run);
        return run;
    }

    private static void Turn(Run run)
    {
        run.Fail("b", transient: false);
        run["a"].Status.ShouldBe(StepStatus.Compensating);
        run.Succeed("b");
    }
}
