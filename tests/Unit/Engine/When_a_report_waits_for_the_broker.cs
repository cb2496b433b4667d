using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

/// <summary>The work is done and the lease is renewed, but the broker does not accept the report. An attempt's time is a minute.</summary>
public sealed class When_a_report_waits_for_the_broker
{
    private static readonly TimeSpan Attempt = TimeSpan.FromMinutes(1);

    [Fact]
    public void Should_cost_no_attempt_however_long_it_waits()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { AttemptTimeout = Attempt, MaxAttempts = 2 }));
        run.Take("a");

        for (var renewals = 0; renewals < 40; renewals++)
        {
            Wait(run);
            run.Time.Advance(Run.Lease / 2);
            run.Wake().History.ShouldBeEmpty();
        }

        run.Succeed("a");
        (run.State, run["a"].Attempt).ShouldBe((OperationState.Completed, 1));
        run.Lines.ShouldNotContain("stepTimedOut:a");
    }

    [Fact]
    public void Should_not_shorten_the_time_of_later_attempts()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { AttemptTimeout = Attempt, MaxAttempts = 2, Deadline = TimeSpan.FromMinutes(5) }));
        run.Take("a");
        Wait(run);
        run.Time.Advance(TimeSpan.FromMinutes(20));

        run.Fail("a", transient: true);

        run["a"].Status.ShouldBe(StepStatus.Waiting, "it has another attempt");
        run.WakeWhenDue().Dispatches.Single().Attempt.ShouldBe(2);
    }

    [Fact]
    public void Should_be_given_up_when_its_worker_is_lost()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { AttemptTimeout = Attempt, MaxAttempts = 2 }));
        run.Take("a");
        run.Time.Advance(TimeSpan.FromSeconds(20));
        Wait(run);
        run.Time.Advance(2 * Run.Lease);

        run.Wake().History.Select(Run.Text).ShouldBe(["stepFailed:a"]);
        run["a"].Failure!.Code.ShouldBe("worker-lost");
    }

    [Fact]
    public void Should_be_given_up_when_it_was_sent_and_does_not_arrive()
    {
        var run = Run.Started(Graph.Of(Graph.Step("a") with { AttemptTimeout = Attempt, MaxAttempts = 2 }));
        run.Take("a");
        run.Time.Advance(TimeSpan.FromSeconds(50));
        Wait(run);
        run.Release("a");
        run.Time.Advance(TimeSpan.FromSeconds(59));

        run.Wake().History.ShouldBeEmpty();
        run.Time.Advance(TimeSpan.FromSeconds(2));

        run.Wake().History.Select(Run.Text).ShouldBe(["stepTimedOut:a"]);
    }

    // A renewal of the lease that says that the report waits.
    private static void Wait(Run run)
    {
        run.Renew("a");
        run.Write("a", s => s with { ReportUntil = run.Time.GetUtcNow() + (2 * Run.Lease) });
    }
}
