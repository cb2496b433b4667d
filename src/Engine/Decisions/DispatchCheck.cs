using Saga.Engine.Workflows;
using Saga.Engine.Operations;

namespace Saga.Engine.Decisions;

public enum DispatchFinding
{
    /// <summary>Nothing to do yet.</summary>
    Fine,

    /// <summary>No worker took it in time, so it must be sent again.</summary>
    Undelivered,

    /// <summary>A worker is running it, or its report is in transit. Check again later.</summary>
    UnderWay,

    /// <summary>The attempt's time is over.</summary>
    TimedOut,

    /// <summary>The worker that took it neither renewed the lease nor reported.</summary>
    WorkerLost,
}

/// <summary>Checks from its row what happened to a dispatch without a result.</summary>
public static class DispatchCheck
{
    /// <returns>The finding, and for <see cref="DispatchFinding.UnderWay"/> when to check again.</returns>
    public static (DispatchFinding Finding, DateTimeOffset LookAt) Of(StepRun step, StepDefinition definition, DateTimeOffset now)
    {
        if (step.TakenAt is not { } taken)
            return (step.DueAt <= now ? DispatchFinding.Undelivered : DispatchFinding.Fine, default);
        if (step.LostAt <= now)
            return (DispatchFinding.WorkerLost, default);
        // A report that waits for the broker must not cost the attempt that it is about.
        var end = EndOf(step, definition, taken);
        if (step.ReportUntil > end)
            end = step.ReportUntil.Value;
        if (end <= now)
            return (DispatchFinding.TimedOut, default);
        // The sweeper notices the loss of a worker that has renewed its lease. The loss of any other worker must be checked for.
        var look = step.LostAt is { } lost && !step.Watched && lost < end ? lost : end;
        return (step.DueAt <= now ? DispatchFinding.UnderWay : DispatchFinding.Fine, look);
    }

    /// <summary>When the attempt's time is over.</summary>
    /// <param name="step">The step.</param>
    /// <param name="definition">Its definition.</param>
    /// <param name="taken">When its attempt began.</param>
    public static DateTimeOffset EndOf(StepRun step, StepDefinition definition, DateTimeOffset taken) => definition.StallAfter is { } stall
        ? (step.ProgressedAt > taken ? step.ProgressedAt.Value : taken) + stall
        : taken + definition.AttemptTimeout;
}
