using Saga.Engine.Workflows;

namespace Saga.Engine.Decisions;

/// <summary>Exponential backoff with full jitter: a random delay from zero to a bound that doubles with each attempt.</summary>
public static class Backoff
{
    /// <param name="step">Defines the first and the last bound.</param>
    /// <param name="attempt">The number of the failed attempt, from 1.</param>
    /// <param name="random">A random number from 0 up to, but not including, 1.</param>
    public static TimeSpan After(StepDefinition step, int attempt, double random) => Bound(step.Backoff, step.BackoffLimit, attempt) * random;

    /// <summary>The same for a compensation, whose pauses are at least half of their bound, because it is retried for hours and need not hurry.</summary>
    public static TimeSpan AfterCompensation(StepDefinition step, TimeSpan limit, int attempt, double random) =>
        Bound(step.Backoff, limit, attempt) * ((1 + random) / 2);

    /// <summary>The bound for the nth time, from 1. It doubles each time up to the limit.</summary>
    public static TimeSpan Bound(TimeSpan first, TimeSpan limit, int time) =>
        // In floating point, because a doubled bound may exceed the range of TimeSpan.
        TimeSpan.FromSeconds(Math.Min(first.TotalSeconds * Math.Pow(2, Math.Min(time - 1, 1000)), limit.TotalSeconds));
}
