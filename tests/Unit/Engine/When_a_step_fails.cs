using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

public sealed class When_a_step_fails
{
    [Fact]
    public void Should_retry_after_a_delay_under_a_new_fence()
    {
        var run = Run.Started(Graph.Diamond);

        var failed = run.Fail("first", transient: true);
        failed.Dispatches.ShouldBeEmpty();
        failed.Settlements.ShouldBe([new Settlement("first", 1)]);
        run["first"].DueAt.ShouldBe(run.Time.GetUtcNow() + TimeSpan.FromMilliseconds(250));
        run.Wake().Changes.ShouldBeFalse();

        var again = run.WakeWhenDue().Dispatches.Single();
        again.ShouldSatisfyAllConditions(d => d.Fence.ShouldBe(2), d => d.Attempt.ShouldBe(2), d => d.Step.ShouldBe("first"));
    }

    [Fact]
    public void Should_make_no_more_attempts_than_it_may()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { MaxAttempts = 3 }));

        run.Exhaust("a");

        run.Dispatches.Count(d => d.Direction == Direction.Forward).ShouldBe(3);
        run.State.ShouldBe(OperationState.Compensating);
    }

    [Fact]
    public void Should_not_retry_permanent_failures()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a")));

        run.Fail("a", transient: false);

        run.Dispatches.Select(d => (d.Direction, d.Fence, d.Attempt)).ShouldBe([(Direction.Forward, 1, 1), (Direction.Back, 2, 1)]);
    }

    [Fact]
    public void Should_give_up_when_the_next_attempt_would_come_after_the_deadline()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with
        {
            MaxAttempts = 100, Deadline = TimeSpan.FromMinutes(1), AttemptTimeout = TimeSpan.FromMinutes(1), Backoff = TimeSpan.FromSeconds(20),
        }));
        run.Take("a");
        run.Time.Advance(TimeSpan.FromSeconds(49));
        run.Fail("a", transient: true);
        run["a"].Status.ShouldBe(StepStatus.Waiting, "a delay of 10 s ends just before the deadline");
        run.WakeWhenDue();

        run.Fail("a", transient: true);

        run.State.ShouldBe(OperationState.Compensating);
        run["a"].Failure!.Code.ShouldBe("a-failed");
    }

    [Fact]
    public void Should_give_up_a_silent_attempt_and_leave_it_its_lease()
    {
        var run = Run.Started(Graph.Diamond);

        var decision = run.Silence("first");

        decision.Settlements.ShouldBeEmpty("it may still be running and may still succeed");
        decision.History.Select(Run.Text).ShouldBe(["stepTimedOut:first"]);
        run["first"].Failure!.ShouldSatisfyAllConditions(f => f.Code.ShouldBe("attempt-timeout"), f => f.Transient.ShouldBeTrue());
    }

    [Fact]
    public void Should_compensate_when_the_last_attempt_is_silent_and_undo_it_too()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { MaxAttempts = 1 }));

        run.Silence("a");

        run.Lines.ShouldBe(["started", "stepDispatched:a", "stepTimedOut:a", "compensationStarted:a", "compensationDispatched:a"]);
    }

    [Fact]
    public void Should_ignore_a_failure_of_an_attempt_that_was_given_up()
    {
        var run = Run.Started(Graph.Diamond);
        run.Silence("first");

        run.Fail("first", transient: false).Changes.ShouldBeFalse();
        run.Defer("first", TimeSpan.FromSeconds(1)).Changes.ShouldBeFalse();
    }

    [Fact]
    public void Should_redispatch_at_no_cost_of_an_attempt()
    {
        var run = Run.Started(Graph.Diamond);

        var again = run.Redispatch().Dispatches.Single();

        again.ShouldSatisfyAllConditions(d => d.Fence.ShouldBe(1, "no worker took it"), d => d.Attempt.ShouldBe(1));
        run.Succeed("first", fence: 1);
        run["first"].Status.ShouldBe(StepStatus.Succeeded);
    }

    [Fact]
    public void Should_redispatch_under_a_new_fence_what_was_worked_on_and_whose_report_may_be_lost()
    {
        var run = Run.Started(Graph.Diamond);
        run.Take("first");
        run.Redispatch().Changes.ShouldBeFalse("a worker holds it");
        run.Release("first");

        var again = run.Redispatch().Dispatches.Single();

        again.ShouldSatisfyAllConditions(d => d.Fence.ShouldBe(2), d => d.Attempt.ShouldBe(1));
        run.Succeed("first", fence: 1).Changes.ShouldBeFalse();
    }

    [Fact]
    public void Should_not_hurry_a_delay_by_redispatching()
    {
        var run = Run.Started(Graph.Diamond);
        run.Fail("first", transient: true);

        run.Redispatch().Changes.ShouldBeFalse();
    }

    [Fact]
    public void Should_send_a_step_once_when_its_delay_ends_as_a_sibling_fails()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { Backoff = TimeSpan.FromMinutes(2), BackoffLimit = TimeSpan.FromMinutes(2) }, Graph.Step("b") with { MaxAttempts = 1 }));
        run.Fail("a", transient: true);
        run.Take("b");
        run.Time.Advance(TimeSpan.FromMinutes(3));
        run.Renew("b");

        run.Wake().Dispatches.Select(d => (d.Step, d.Direction, d.Fence)).ShouldBe([("a", Direction.Back, 2), ("b", Direction.Back, 2)]);
    }
}
