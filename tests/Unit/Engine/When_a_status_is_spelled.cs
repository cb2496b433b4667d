using Saga.Engine.Operations;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

public sealed class When_a_status_is_spelled
{
    // An earlier version gets no operation with a step that waits, because its workflow needs a higher engine level.
    [Fact]
    public void Should_store_what_earlier_versions_can_read() =>
        StepStatusNames.All.Select(StepStatusNames.Stored).ShouldBe(
        [
            "pending", "running", "waiting", "held", "awaiting", "succeeded", "failed", "compensating", "compensationWaiting", "compensationHeld",
            "compensated", "compensationFailed", "skipped", "waived", "compensationWaived",
        ]);

    [Theory]
    [InlineData("held", "deferred")]
    [InlineData("deferred", "deferred")]
    [InlineData("compensationHeld", "compensationDeferred")]
    [InlineData("compensationDeferred", "compensationDeferred")]
    [InlineData("running", "running")]
    public void Should_read_both_words_and_show_the_present_one(string stored, string shown)
    {
        StepStatusNames.TryRead(stored, out var status).ShouldBeTrue();
        StepStatusNames.Shown(status).ShouldBe(shown);
    }

    [Fact]
    public void Should_have_words_for_every_direction_and_phase_that_there_are() =>
        (from direction in Enum.GetValues<Direction>() from phase in Enum.GetValues<StepPhase>() select new StepStatus(direction, phase))
            .Except(StepStatusNames.All).ShouldBe([new(Direction.Back, StepPhase.Pending), new(Direction.Back, StepPhase.Awaiting), new(Direction.Back, StepPhase.Skipped)]);

    [Theory]
    [InlineData("stepHeld", "stepDeferred")]
    [InlineData("compensationHeld", "compensationDeferred")]
    [InlineData("stepFailed", "stepFailed")]
    public void Should_show_former_events_by_their_present_names(string written, string shown) => HistoryEvents.Current(written).ShouldBe(shown);
}
