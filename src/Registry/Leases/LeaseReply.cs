namespace Saga.Registry.Leases;

/// <summary>The answer to a take.</summary>
/// <param name="Outcome">What the registry said.</param>
/// <param name="Remaining">
/// For taken: how long the attempt may take. For busy: when to ask again; by then the holder's lease ends, unless renewed, or is perhaps
/// given back.
/// </param>
public sealed record LeaseReply(LeaseAnswer Outcome, TimeSpan Remaining);

public enum LeaseAnswer
{
    Taken,

    /// <summary>The dispatch is no longer the newest, or has its result: do nothing, report nothing.</summary>
    Stale,

    /// <summary>
    /// The same dispatch was taken already, by another delivery: do nothing, report nothing. If its worker is lost, the orchestrator
    /// finds that out by the lease.
    /// </summary>
    Duplicate,

    /// <summary>The delivery came after its deadline: do nothing, report nothing. The orchestrator sends the dispatch again.</summary>
    Late,

    /// <summary>A worker of an older dispatch holds it, and lives.</summary>
    Busy,
}
