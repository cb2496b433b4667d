using Saga.Engine.Batches;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

public sealed class When_a_batch_goes_on
{
    private static readonly BatchPace Pace = new(First: 1, Factor: 5, Max: 40, PerMinute: null, StopAtFailureRatio: 0.2m);

    [Fact]
    public void Should_grow_its_waves_up_to_the_largest()
    {
        var (sizes, size, pending) = (new List<int>(), Pace.First, 100);
        while (true)
        {
            var begun = BatchRules.Next(Pace, new(size, 0, 0, 0, pending)).ShouldBeOfType<BatchDecision.Begin>().Count;
            sizes.Add(begun);
            pending -= begun;
            if (BatchRules.Next(Pace, new(size, begun, 0, 0, pending)) is not BatchDecision.NextWave next)
                break;
            size = next.Size;
        }

        sizes.ShouldBe([1, 5, 25, 40, 29]);
    }

    [Theory]
    [InlineData(5, 5, 1, 0, 10, typeof(BatchDecision.Wait))]
    [InlineData(5, 5, 0, 1, 10, typeof(BatchDecision.NextWave))]
    [InlineData(5, 5, 0, 2, 10, typeof(BatchDecision.Pause))]
    [InlineData(5, 2, 0, 2, 10, typeof(BatchDecision.Pause))]
    [InlineData(5, 2, 2, 0, 10, typeof(BatchDecision.Begin))]
    [InlineData(5, 5, 2, 3, 0, typeof(BatchDecision.Wait))]
    [InlineData(5, 5, 0, 5, 0, typeof(BatchDecision.Complete))]
    [InlineData(1, 1, 0, 1, 1, typeof(BatchDecision.Pause))]
    // The last wave is smaller than its size, and the part that may fail is that of what it has.
    [InlineData(40, 1, 0, 1, 1, typeof(BatchDecision.Pause))]
    public void Should_decide_by_its_wave(int size, int begun, int open, int failed, int pending, Type decision) =>
        BatchRules.Next(Pace, new(size, begun, open, failed, pending)).ShouldBeOfType(decision);

    [Fact]
    public void Should_never_pause_when_all_may_fail() =>
        BatchRules.Next(Pace with { StopAtFailureRatio = 1 }, new(5, 5, 0, 5, 10)).ShouldBeOfType<BatchDecision.NextWave>();

    [Fact]
    public void Should_pause_at_the_first_failure_when_none_may_fail() =>
        BatchRules.Next(Pace with { StopAtFailureRatio = 0 }, new(25, 25, 3, 1, 10)).ShouldBeOfType<BatchDecision.Pause>().Why
            .ShouldBe("1 of 25 items of the wave failed. Look at them, then resume or abort the batch.");

    [Fact]
    public void Should_rehearse_before_its_first_wave_whatever_may_fail()
    {
        var pace = Pace with { StopAtFailureRatio = 1 };
        var waiting = new BatchProgress(5, 0, 0, 0, 10);

        BatchRules.Next(pace, waiting with { Rehearsals = new(2, 0, null) }).ShouldBe(new BatchDecision.Begin(2));
        BatchRules.Next(pace, waiting with { Open = 2, Rehearsals = new(0, 0, null) }).ShouldBeOfType<BatchDecision.Wait>();
        var one = BatchRules.Next(pace, waiting with { Open = 1, Rehearsals = new(0, 1, "That of bolt failed.") }).ShouldBeOfType<BatchDecision.Pause>();
        (one.Code, one.Why).ShouldBe((
            "rehearsal-failed", "That of bolt failed. No place was upgraded. Mend what failed and resume the batch, which rehearses it again, or abort the batch."));
        BatchRules.Next(pace, waiting with { Rehearsals = new(1, 2, "That of bolt failed.") }).ShouldBeOfType<BatchDecision.Pause>().Why.ShouldStartWith("That of bolt failed. 2 rehearsals failed. ");
        BatchRules.Next(pace, waiting).ShouldBe(new BatchDecision.Begin(5));
    }
}
