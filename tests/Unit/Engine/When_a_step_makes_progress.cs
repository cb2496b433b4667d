using Saga.Contracts.Failures;
using Saga.Engine;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

/// <summary>An attempt of a step with <see cref="StepDefinition.StallAfter"/> lasts as long as it reports progress.</summary>
public sealed class When_a_step_makes_progress
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private static readonly WorkflowDefinition Copies = new WorkflowDefinition
    {
        Kind = "test", Version = 1, EngineLevel = EngineLevel.Progress,
        Steps = [Graph.Step("copy") with { StallAfter = 5 * Minute, AttemptTimeout = TimeSpan.FromSeconds(1), Deadline = 10 * Minute, MaxAttempts = 2 }],
    }.Validated();

    [Fact]
    public void Should_say_so_in_its_dispatch()
    {
        var dispatch = Run.Started(Copies).Dispatches.ShouldHaveSingleItem();

        (dispatch.AttemptTimeout, dispatch.StallAfter).ShouldBe((5 * Minute, 5 * Minute));
        Run.Started(Graph.Of(Graph.Step("a"))).Dispatches.ShouldHaveSingleItem().StallAfter.ShouldBeNull();
    }

    [Fact]
    public void Should_go_on_for_hours()
    {
        var run = Run.Started(Copies);
        run.Take("copy");
        for (var turn = 0; turn < 100; turn++)
        {
            Progress(run);
            run.Time.Advance(4 * Minute);
            run.Wake().Advances.ShouldBeFalse($"turn {turn}");
        }

        run["copy"].Attempt.ShouldBe(1);
        run.Succeed("copy");
        run.State.ShouldBe(OperationState.Completed);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Should_give_up_an_attempt_without_progress_for_too_long(bool progressed)
    {
        var run = Run.Started(Copies);
        run.Take("copy");
        if (progressed)
        {
            run.Time.Advance(4 * Minute);
            Progress(run);
        }

        Stay(run);
        run.Time.Advance((5 * Minute) - TimeSpan.FromSeconds(1));
        run.Wake().Advances.ShouldBeFalse();
        run.Time.Advance(TimeSpan.FromSeconds(1));
        run.Wake();

        var failure = run["copy"].Failure!;
        (run["copy"].Status, failure.Code, failure.Kind).ShouldBe((StepStatus.Waiting, "no-progress", FailureKind.Transient));
        failure.Message.ShouldBe("Attempt 1 of step 'copy' made no progress for 0:05:00.");
        run.Lines[^1].ShouldBe("stepTimedOut:copy");
    }

    [Fact]
    public void Should_not_count_the_time_with_progress_towards_the_deadline()
    {
        var run = Run.Started(Copies);
        run.Take("copy");
        run.Time.Advance(TimeSpan.FromHours(3));
        Progress(run);
        run.Time.Advance(Minute);

        run.Fail("copy", transient: true);

        run["copy"].Status.ShouldBe(StepStatus.Waiting, "there is another attempt");
        run.WakeWhenDue();
        (run["copy"].Attempt, run["copy"].ProgressedAt).ShouldBe((2, null));
    }

    [Fact]
    public void Should_give_up_at_the_deadline_without_progress()
    {
        var run = Run.Started(Copies);
        run.Take("copy");
        run.Time.Advance(TimeSpan.FromHours(3));

        run.Fail("copy", transient: true);

        run.State.ShouldBe(OperationState.Compensating);
    }

    [Fact]
    public void Should_last_as_long_in_a_compensation()
    {
        var run = Run.Started(Copies);
        run.Fail("copy", transient: false);
        run.Take("copy");
        for (var turn = 0; turn < 20; turn++)
        {
            Progress(run);
            run.Time.Advance(4 * Minute);
            run.Wake().Advances.ShouldBeFalse($"turn {turn}");
        }

        run.Succeed("copy");
        run.State.ShouldBe(OperationState.Compensated);
    }

    [Theory]
    [InlineData(0, 3, "step 'a' needs a time without progress of at most a day")]
    [InlineData(1441, 3, "step 'a' needs a time without progress of at most a day")]
    [InlineData(5, 2, "step 'a' ends without progress, which needs engine level 3")]
    public void Should_be_validated(int minutes, int level, string rule) => Should.Throw<InvalidOperationException>(
            () => new WorkflowDefinition { Kind = "bad", Version = 1, EngineLevel = level, Steps = [Graph.Step("a") with { StallAfter = minutes * Minute }] }.Validated())
        .Message.ShouldContain(rule);

    // The worker reports, with the renewal of its lease.
    private static void Progress(Run run)
    {
        run.Write("copy", s => s with { ProgressedAt = run.Time.GetUtcNow() });
        Stay(run);
    }

    private static void Stay(Run run) => run.Write("copy", s => s with { LostAt = run.Time.GetUtcNow() + TimeSpan.FromDays(1), Watched = true });
}
