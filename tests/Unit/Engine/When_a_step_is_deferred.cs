using System.Text.Json;
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
            run.Defer("a", TimeSpan.FromSeconds(10));
            run["a"].ShouldSatisfyAllConditions(s => s.Status.ShouldBe(StepStatus.Deferred), s => s.DeferredBy.ShouldBe("keycloak"));
            run.WakeWhenDue();
        }

        run["a"].ShouldSatisfyAllConditions(s => s.Attempt.ShouldBe(1), s => s.Fence.ShouldBe(51), s => s.DeferredBy.ShouldBeNull());
        run.Fail("a", transient: true);
        run["a"].Status.ShouldBe(StepStatus.Waiting);
    }

    [Fact]
    public void Should_go_on_when_a_delivery_that_took_no_lease_reports_beside_the_one_that_did()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a")));
        run.Defer("a", TimeSpan.FromSeconds(10), withoutLease: true);
        run["a"].Status.ShouldBe(StepStatus.Deferred, "nobody runs it");
        run.WakeWhenDue();
        run.Take("a");

        run.Defer("a", TimeSpan.FromSeconds(10), withoutLease: true).Changes.ShouldBeFalse();

        run["a"].Status.ShouldBe(StepStatus.Running);
        run.Succeed("a");
        run.State.ShouldBe(OperationState.Completed);
    }

    [Fact]
    public void Should_move_the_deadline_by_the_time_it_took_and_will_take()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { Deadline = TimeSpan.FromMinutes(2) }));
        var deadline = run["a"].Deadline!.Value;
        run.Time.Advance(TimeSpan.FromSeconds(3));

        run.Defer("a", TimeSpan.FromSeconds(10));

        // Plus an eighth of jitter.
        run["a"].Deadline.ShouldBe(deadline + TimeSpan.FromSeconds(14.25));
        run["a"].DueAt.ShouldBe(run.Time.GetUtcNow() + TimeSpan.FromSeconds(11.25));
    }

    [Theory, InlineData(0, 10), InlineData(0.999_999, 12.5)]
    public void Should_come_back_no_sooner_than_asked_and_not_all_at_once(double random, double seconds)
    {
        var run = Run.Started(Graph.Of(Graph.Step("a")), () => random);

        run.Defer("a", TimeSpan.FromSeconds(10));

        (run["a"].DueAt!.Value - run.Time.GetUtcNow()).TotalSeconds.ShouldBe(seconds, 0.001);
    }

    [Fact]
    public void Should_come_back_less_often_the_longer_it_lasts()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { DeferredAtMost = TimeSpan.FromDays(1) }), () => 0);
        var (began, times) = (run.Time.GetUtcNow(), 0);

        while (run.Time.GetUtcNow() - began < TimeSpan.FromHours(5))
        {
            run.Defer("a", TimeSpan.FromSeconds(1));
            times++;
            run.WakeWhenDue();
        }

        times.ShouldBeInRange(150, 200, "finally every two minutes");
    }

    [Theory, InlineData(false), InlineData(true)]
    public void Should_stall_when_it_is_deferred_for_longer_than_it_may(bool back)
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { DeferredAtMost = TimeSpan.FromMinutes(5), CompensationDeadline = TimeSpan.FromMinutes(5) }, Graph.Step("b", "a")));
        if (back)
            run.Fail("a", transient: false);
        var since = run.Time.GetUtcNow();

        while (run.State != OperationState.Stalled)
        {
            run.Defer("a", TimeSpan.FromMinutes(1));
            if (run.State != OperationState.Stalled)
                run.WakeWhenDue();
        }

        (run.Time.GetUtcNow() - since).ShouldBeInRange(TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(7));
        run.Progress.Failure!.ShouldSatisfyAllConditions(f => f.Code.ShouldBe("deferred-too-long"), f => f.System.ShouldBe("keycloak"), f => f.Message.ShouldContain("It is down."));
        run["a"].Status.ShouldBe(back ? StepStatus.CompensationFailed : StepStatus.Failed);
    }

    [Fact]
    public void Should_count_the_time_it_may_from_the_first_deferral_in_a_row()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { DeferredAtMost = TimeSpan.FromMinutes(5), Deadline = TimeSpan.FromHours(1) }));

        for (var times = 0; times < 4; times++)
        {
            run.Defer("a", TimeSpan.FromMinutes(4));
            run.WakeWhenDue();
            run.Fail("a", transient: true);
            run.WakeWhenDue();
        }

        run.State.ShouldBe(OperationState.Running, "a result in between ends the sequence");
    }

    [Fact]
    public void Should_have_one_line_in_the_history_however_often()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a")));

        var first = run.Defer("a", TimeSpan.FromSeconds(10)).History.Single();
        first.Repeats.ShouldBeFalse();
        run.WakeWhenDue().History.Single().Repeats.ShouldBeTrue("the dispatch takes the place of the one before");
        var second = run.Defer("a", TimeSpan.FromSeconds(10)).History.Single();
        second.ShouldSatisfyAllConditions(l => l.Repeats.ShouldBeTrue(), l => JsonSerializer.Serialize(l.Data).ShouldContain("\"times\":2"));

        // A result in between ends the sequence.
        run.WakeWhenDue();
        run.Fail("a", transient: true);
        run.WakeWhenDue().History.Single().Repeats.ShouldBeFalse();
        run.Defer("a", TimeSpan.FromSeconds(10)).History.Single().Repeats.ShouldBeFalse();
    }

    [Fact]
    public void Should_defer_a_compensation_the_same_way()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a")));
        run.Fail("a", transient: false);

        run.Defer("a", TimeSpan.FromSeconds(10));
        run["a"].ShouldSatisfyAllConditions(s => s.Status.ShouldBe(StepStatus.CompensationDeferred), s => s.Attempt.ShouldBe(0));
        run.WakeWhenDue();

        run["a"].ShouldSatisfyAllConditions(s => s.Status.ShouldBe(StepStatus.Compensating), s => s.Attempt.ShouldBe(1), s => s.Fence.ShouldBe(3));
        run.State.ShouldBe(OperationState.Compensating);
    }

    [Fact]
    public void Should_be_undone_when_a_sibling_fails()
    {
        var run = Run.Started(Graph.Diamond);
        run.Succeed("first");
        run.Defer("left", TimeSpan.FromMinutes(5));

        run.Fail("right", transient: false);

        run["left"].Status.ShouldBe(StepStatus.Compensating, "the held message may have taken effect before");
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
        run.Defer("first", TimeSpan.FromSeconds(10));

        run.Succeed("first");

        run["left"].Status.ShouldBe(StepStatus.Running);
        run["first"].DeferredBy.ShouldBeNull();
    }
}
