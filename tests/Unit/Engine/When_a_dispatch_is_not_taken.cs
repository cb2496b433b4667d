using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

public sealed class When_a_dispatch_is_not_taken
{
    [Fact]
    public void Should_be_sent_again_under_the_same_fence_at_no_cost_for_as_long_as_it_takes()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { MaxAttempts = 1, Deadline = TimeSpan.FromMinutes(1) }));

        for (var times = 0; times < 100; times++)
        {
            var decision = run.WakeWhenDue();
            decision.Dispatches.ShouldHaveSingleItem().ShouldSatisfyAllConditions(d => d.Fence.ShouldBe(1), d => d.Attempt.ShouldBe(1));
            decision.History.ShouldBeEmpty("repeated events would fill it");
            decision.Changes.ShouldBeTrue();
        }

        run["a"].ShouldSatisfyAllConditions(s => s.Status.ShouldBe(StepStatus.Running), s => s.Deliveries.ShouldBe(101));
        run.Succeed("a");
        run.State.ShouldBe(OperationState.Completed);
    }

    [Theory, InlineData(0, 1.0), InlineData(0.999_999, 1.5)]
    public void Should_be_sent_again_after_pauses_that_double_up_to_ten_minutes(double random, double factor)
    {
        var run = Run.Started(Graph.Diamond, () => random);
        var pauses = new List<double>();

        for (var times = 0; times < 7; times++)
        {
            pauses.Add((run["first"].DueAt!.Value - run.Time.GetUtcNow()).TotalSeconds / factor);
            run.WakeWhenDue();
        }

        pauses.Select(p => Math.Round(p)).ShouldBe([30, 60, 120, 240, 480, 600, 600]);
    }

    [Fact]
    public void Should_start_with_the_attempts_time_when_that_is_shorter()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { AttemptTimeout = TimeSpan.FromSeconds(2) }), () => 0);

        run["a"].DueAt.ShouldBe(run.Time.GetUtcNow() + TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void Should_not_count_the_time_in_the_queue_for_the_attempt()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { AttemptTimeout = TimeSpan.FromMinutes(2) }));
        for (var times = 0; times < 5; times++)
            run.WakeWhenDue();
        run.Take("a");

        // Woken by the sweeper, which watches the leases of running steps.
        run.Time.Advance(TimeSpan.FromSeconds(119));
        run.Renew("a");
        run.Wake().Advances.ShouldBeFalse();
        run.Time.Advance(TimeSpan.FromSeconds(1));
        run.Wake().History.Select(Run.Text).ShouldBe(["stepTimedOut:a"]);
    }

    [Fact]
    public void Should_not_count_the_time_in_the_queue_for_the_deadline()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { AttemptTimeout = TimeSpan.FromMinutes(1), Deadline = TimeSpan.FromMinutes(2) }));
        var deadline = run["a"].Deadline!.Value;
        run.Time.Advance(TimeSpan.FromHours(3));
        run.Take("a");
        run.Time.Advance(TimeSpan.FromSeconds(20));

        run.Fail("a", transient: true);

        run["a"].ShouldSatisfyAllConditions(s => s.Status.ShouldBe(StepStatus.Waiting), s => s.Deadline.ShouldBe(deadline + TimeSpan.FromHours(3)));
    }

    [Fact]
    public void Should_look_again_at_the_end_of_the_attempt_once_it_is_taken_and_watched()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { AttemptTimeout = TimeSpan.FromHours(2), Deadline = TimeSpan.FromHours(2) }));
        run.Take("a");
        var taken = run.Time.GetUtcNow();
        run.Time.Advance(TimeSpan.FromSeconds(40));
        run.Renew("a");

        var decision = run.Wake();

        decision.ShouldSatisfyAllConditions(d => d.Dispatches.ShouldBeEmpty(), d => d.History.ShouldBeEmpty());
        run["a"].DueAt.ShouldBe(taken + TimeSpan.FromHours(2));
    }
}
