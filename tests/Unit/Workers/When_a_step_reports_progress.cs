using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Registry.Leases;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Saga.Workers.Runtime.Progress;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Workers;

public sealed class When_a_step_reports_progress
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly TestClock time = new();

    private sealed record Place(int Row);

    [Fact]
    public void Should_carry_the_newest_at_most_once_a_second()
    {
        var slot = new ProgressSlot(Second, null, time);
        slot.IsDue.ShouldBeFalse("there is none");
        for (var row = 1; row <= 1000; row++)
            slot.Report(Rows(row), new Place(row));

        slot.IsDue.ShouldBeTrue();
        var first = slot.Read()!;
        (first.Progress.Done, first.Checkpoint, first.StallAfter).ShouldBe((1000, """{"row":1000}""", Second));
        slot.Sent(first);
        slot.Report(Rows(1001), null);
        slot.IsDue.ShouldBeFalse("a second is not over");
        time.Advance(Second);
        slot.IsDue.ShouldBeTrue();
        slot.Read()!.Checkpoint.ShouldBeNull("it is stored already");
    }

    [Fact]
    public void Should_carry_again_what_was_reported_while_a_renewal_was_under_way()
    {
        var slot = new ProgressSlot(null, null, time);
        slot.Report(Rows(1), new Place(1));
        var first = slot.Read()!;
        slot.Report(Rows(2), new Place(2));

        slot.Sent(first);

        time.Advance(Second);
        slot.IsDue.ShouldBeTrue();
        (slot.Read()!.Progress.Done, slot.Read()!.Checkpoint).ShouldBe((2, """{"row":2}"""));
        slot.Sent(slot.Read()!);
        slot.Read().ShouldBeNull();
    }

    [Fact]
    public void Should_take_a_report_that_says_nothing_new_for_no_progress()
    {
        var slot = new ProgressSlot(Second, null, time);
        var times = 0;
        slot.Progressed = () => times++;

        slot.Report(Rows(1), new Place(1));
        slot.Report(Rows(1), new Place(1));
        slot.Report(Rows(1), null);
        times.ShouldBe(1);
        slot.Report(Rows(1) with { Words = "copying users" }, null);
        slot.Report(Rows(1) with { Words = "copying users" }, new Place(2));

        times.ShouldBe(3);
    }

    [Fact]
    public void Should_begin_at_the_checkpoint_of_an_earlier_attempt()
    {
        var context = Context(new ProgressSlot(null, """{"row":7}""", time));

        context.Checkpoint<Place>().ShouldBe(new Place(7));
        context.Report(8, checkpoint: new Place(8));
        context.With(new()).Checkpoint<Place>().ShouldBe(new Place(8));
        Context(new ProgressSlot(null, null, time)).Checkpoint<Place>().ShouldBeNull();
    }

    [Fact]
    public void Should_refuse_a_checkpoint_that_is_too_large_and_shorten_words()
    {
        var context = Context(new ProgressSlot(null, null, time));

        Should.Throw<InvalidOperationException>(() => context.Report(1, checkpoint: new string('x', 70_000))).Message.ShouldContain("at most 65536");
        var slot = new ProgressSlot(null, null, time);
        slot.Report(new() { Done = 1, Words = new string('x', 199) + "😀", Unit = "rows" }, null);
        slot.Read()!.Progress.Words.ShouldBe(new string('x', 199));
    }

    [Fact]
    public async Task Should_move_the_end_of_an_attempt_that_ends_without_progress()
    {
        using var stop = new CancellationTokenSource();
        using var end = new AttemptEnd(TimeSpan.FromMinutes(5), stop, time, TimeSpan.FromMinutes(5));
        var running = end.RunAsync(
            new ExecuteStep { OperationId = Guid.NewGuid(), Step = "copy", Fence = 1, Attempt = 3, Deadline = DateTimeOffset.MaxValue }, ["s3"],
            async () =>
            {
                await Task.Delay(Timeout.Infinite, stop.Token);
                return null;
            });
        for (var turn = 0; turn < 50; turn++)
        {
            time.Advance(TimeSpan.FromMinutes(4));
            end.Progressed();
        }

        running.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromMinutes(5));
        var error = await Should.ThrowAsync<AttemptTimeoutException>(() => running);
        (error.Failure.Code, error.Message).ShouldBe(("no-progress", "Attempt 3 of step 'copy' made no progress for 0:05:00, waiting for s3."));
    }

    [Fact]
    public async Task Should_not_move_a_fixed_end()
    {
        using var stop = new CancellationTokenSource();
        using var end = new AttemptEnd(TimeSpan.FromMinutes(5), stop, time);
        time.Advance(TimeSpan.FromMinutes(4));
        end.Progressed();
        time.Advance(TimeSpan.FromMinutes(1));

        await Should.ThrowAsync<OperationCanceledException>(() => Task.Delay(Timeout.Infinite, stop.Token));
    }

    private static StepProgress Rows(int done) => new() { Done = done, Total = 1000, Unit = "rows" };

    private static StepContext Context(ProgressSlot slot) => new(null, Guid.NewGuid(), "copy", 1, new StepLease(Guid.NewGuid(), "copy", 1, Guid.NewGuid())) { Progress = slot };
}
