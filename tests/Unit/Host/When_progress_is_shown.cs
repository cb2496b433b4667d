using Saga.Api.Operations;
using Saga.Engine.Workflows;
using Saga.Host.Demo;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Host;

public sealed class When_progress_is_shown
{
    [Theory]
    [InlineData("running", 1200L, 5000L, "rows", "copying orders", "1,200 of 5,000 rows (24 %), copying orders")]
    [InlineData("compensating", 3L, null, "objects", null, "3 objects")]
    [InlineData("running", 0L, 0L, null, null, "0 of 0")]
    [InlineData("running", 7L, null, null, "reading", "7, reading")]
    [InlineData("waiting", 1200L, 5000L, "rows", null, "")]
    [InlineData("succeeded", 5000L, 5000L, "rows", null, "")]
    [InlineData("levitating", 1L, 2L, null, null, "")]
    public void Should_say_how_far_a_running_step_has_come(string status, long done, long? total, string? unit, string? words, string shown) =>
        StepWords.Progress(Step(status) with { Progress = new() { Done = done, Total = total, Unit = unit, Words = words, At = default } }).ShouldBe(shown);

    [Fact]
    public void Should_say_nothing_when_the_step_has_not_said_so() => StepWords.Progress(Step("running")).ShouldBe("");

    private static StepView Step(string status) =>
        new() { Name = "copy", Worker = "w", Kind = StepKind.Compensatable, After = [], Status = status, Attempt = 1, MaxAttempts = 5 };
}
