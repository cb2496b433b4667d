using Saga.Contracts.Failures;
using Saga.Engine.Operations;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

public sealed class When_a_step_is_deferred
{
    [Fact]
    public void Should_cost_no_attempt_however_often()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { MaxAttempts = 2 }));

        for (var times = 0; times < 50; times++)
        {
            run.Hold("a", TimeSpan.FromSeconds(10));
            run["a"].ShouldSatisfyAllConditions(s => s.Status.ShouldBe(StepStatus.Deferred), s => s.DeferredBy.ShouldBe("keycloak"));
            run.WakeWhenDue();
        }

        run["a"].ShouldSatisfyAllConditions(s => s.Attempt.ShouldBe(1), s => s.Fence.ShouldBe(51), s => s.DeferredBy.ShouldBeNull());
        run.Fail("a", transient: true);
        run["a"].Status.ShouldBe(StepStatus.Waiting);
    }

    [Fact]
    public void Should_move_the_deadline_by_the_time_it_took_and_will_take()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { Deadline = TimeSpan.FromMinutes(2) }));
        var deadline = run["a"].Deadline!.Value;
        run.Time.Advance(TimeSpan.FromSeconds(3));

        run.Hold("a", TimeSpan.FromSeconds(10));

        run["a"].Deadline.ShouldBe(deadline + TimeSpan.FromSeconds(13));
        run["a"].DueAt.ShouldBe(run.Time.GetUtcNow() + TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Should_hold_a_compensation_just_so()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a")));
        run.Fail("a", transient: false);

        run.Hold("a", TimeSpan.FromSeconds(10));
        run["a"].ShouldSatisfyAllConditions(s => s.Status.ShouldBe(StepStatus.CompensationDeferred), s => s.Attempt.ShouldBe(0));
        run.WakeWhenDue();

        run["a"].ShouldSatisfyAllConditions(s => s.Status.ShouldBe(StepStatus.Compensating), s => s.Attempt.ShouldBe(1), s => s.Fence.ShouldBe(3));
        run.State.ShouldBe(OperationState.Compensating);
    }

    [Fact]
    public void Should_be_undone_when_a_sibling_turns_the_operation_round()
    {
        var run = Run.Started(Graph.Diamond);
        run.Succeed("first");
        run.Hold("left", TimeSpan.FromMinutes(5));

        run.Fail("right", transient: false);

        run["left"].Status.ShouldBe(StepStatus.Compensating, "the message that was held may have acted before it was");
    }

    [Theory, InlineData(FailureKind.Outage), InlineData(FailureKind.Overload)]
    public void Should_be_so_for_a_failure_that_is_the_external_systems(FailureKind kind)
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { MaxAttempts = 2 }));

        for (var times = 0; times < 20; times++)
        {
            run.Fail("a", kind);
            run["a"].ShouldSatisfyAllConditions(
                s => s.Status.ShouldBe(StepStatus.Deferred), s => s.Attempt.ShouldBe(0), s => s.Failure!.Kind.ShouldBe(kind));
            run.WakeWhenDue();
        }

        run.State.ShouldBe(OperationState.Running);
    }

    [Fact]
    public void Should_count_a_success_that_another_delivery_of_the_same_dispatch_reports()
    {
        var run = Run.Started(Graph.Diamond);
        run.Hold("first", TimeSpan.FromSeconds(10));

        run.Succeed("first");

        run["left"].Status.ShouldBe(StepStatus.Running);
        run["first"].DeferredBy.ShouldBeNull();
    }
}
