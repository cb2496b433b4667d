namespace Saga.Registry.Leases;

/// <summary>The answer to a take.</summary>
/// <param name="Outcome">What the registry said.</param>
/// <param name="Remaining">For busy: when to ask again. By then the holder's lease ends, unless renewed, or is perhaps given back.</param>
public sealed record LeaseReply(LeaseAnswer Outcome, TimeSpan Remaining);

public enum LeaseAnswer
{
    Taken,

    /// <summary>The dispatch is no longer the newest, or has its result: do nothing, report nothing.</summary>
    Stale,

    /// <summary>Another worker holds it, and lives.</summary>
    Busy,
}
