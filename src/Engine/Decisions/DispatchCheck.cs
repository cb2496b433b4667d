using Saga.Engine.Workflows;
using Saga.Engine.Operations;

namespace Saga.Engine.Decisions;

internal enum DispatchFinding
{
    /// <summary>There is nothing to do yet.</summary>
    Fine,

    /// <summary>No worker took it in time: it is to be sent again.</summary>
    Undelivered,

    /// <summary>A worker is at work, or its report is under way: look again later.</summary>
    UnderWay,

    /// <summary>The attempt's time is over.</summary>
    TimedOut,

    /// <summary>Whoever took it neither renewed the lease nor reported.</summary>
    WorkerLost,
}

/// <summary>What became of a dispatch whose result is awaited, from what its row says.</summary>
internal static class DispatchCheck
{
    /// <returns>The finding, and for <see cref="DispatchFinding.UnderWay"/> when to look again.</returns>
    public static (DispatchFinding Finding, DateTimeOffset LookAt) Of(StepRun step, StepDefinition definition, DateTimeOffset now)
    {
        if (step.TakenAt is not { } taken)
            return (step.DueAt <= now ? DispatchFinding.Undelivered : DispatchFinding.Fine, default);
        if (step.LostAt <= now)
            return (DispatchFinding.WorkerLost, default);
        var end = taken + definition.AttemptTimeout;
        if (end <= now)
            return (DispatchFinding.TimedOut, default);
        // The loss of a worker whose lease was renewed is the sweeper's to notice; that of another must be looked for.
        var look = step.LostAt is { } lost && !step.Watched && lost < end ? lost : end;
        return (step.DueAt <= now ? DispatchFinding.UnderWay : DispatchFinding.Fine, look);
    }
}
