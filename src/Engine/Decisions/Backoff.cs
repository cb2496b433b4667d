using Saga.Engine.Workflows;

namespace Saga.Engine.Decisions;

/// <summary>Exponential backoff with full jitter: any delay from nothing to a bound that doubles with each attempt.</summary>
public static class Backoff
{
    /// <param name="step">Gives the first bound and the last.</param>
    /// <param name="attempt">The attempt that failed, from 1.</param>
    /// <param name="random">From 0 up to, but not including, 1.</param>
    public static TimeSpan After(StepDefinition step, int attempt, double random) => Bound(step.Backoff, step.BackoffLimit, attempt) * random;

    /// <summary>The same for a compensation, whose pauses are at least half of their bound: it is tried for hours, and need not hurry.</summary>
    public static TimeSpan AfterCompensation(StepDefinition step, TimeSpan limit, int attempt, double random) =>
        Bound(step.Backoff, limit, attempt) * ((1 + random) / 2);

    /// <summary>Doubles with each time, from 1, up to the limit.</summary>
    public static TimeSpan Bound(TimeSpan first, TimeSpan limit, int time) =>
        // In floating point: a doubled bound may be more than a TimeSpan holds.
        TimeSpan.FromSeconds(Math.Min(first.TotalSeconds * Math.Pow(2, Math.Min(time - 1, 1000)), limit.TotalSeconds));
}
