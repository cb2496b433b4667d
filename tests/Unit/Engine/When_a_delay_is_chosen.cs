using Saga.Engine.Decisions;
using Saga.Engine.Workflows;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

public sealed class When_a_delay_is_chosen
{
    private static readonly StepDefinition Step = new()
    {
        Name = "a", Worker = "w", Backoff = TimeSpan.FromSeconds(1), BackoffLimit = TimeSpan.FromSeconds(30),
    };

    [Theory]
    [InlineData(1, 1), InlineData(2, 2), InlineData(3, 4), InlineData(5, 16), InlineData(6, 30), InlineData(40, 30), InlineData(int.MaxValue, 30)]
    public void Should_be_any_time_up_to_a_bound_that_doubles_to_a_limit(int attempt, double bound)
    {
        Backoff.After(Step, attempt, 0).ShouldBe(TimeSpan.Zero);
        Backoff.After(Step, attempt, 0.5).ShouldBe(TimeSpan.FromSeconds(bound / 2));
        Backoff.After(Step, attempt, 0.999_999_9).ShouldBeLessThan(TimeSpan.FromSeconds(bound));
    }

    [Fact]
    public void Should_not_overflow_where_the_doubled_bound_would()
    {
        var step = Step with { Backoff = TimeSpan.FromDays(1), BackoffLimit = TimeSpan.FromDays(2) };

        Backoff.After(step, 1000, 0.5).ShouldBe(TimeSpan.FromDays(1));
    }
}
