using Saga.Engine.Workflows;

namespace Saga.Engine.Decisions;

/// <summary>Exponential backoff with full jitter: any delay from nothing to a bound that doubles with each attempt.</summary>
public static class Backoff
{
    /// <param name="step">Gives the first bound and the last.</param>
    /// <param name="attempt">The attempt that failed, from 1.</param>
    /// <param name="random">From 0 up to, but not including, 1.</param>
    public static TimeSpan After(StepDefinition step, int attempt, double random)
    {
        // In floating point: a doubled bound may be more than a TimeSpan holds.
        var bound = Math.Min(step.Backoff.TotalSeconds * Math.Pow(2, Math.Min(attempt - 1, 1000)), step.BackoffLimit.TotalSeconds);
        return TimeSpan.FromSeconds(bound * random);
    }
}
