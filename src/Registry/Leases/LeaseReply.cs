namespace Saga.Registry.Leases;

/// <summary>The reply to a request for a lease.</summary>
/// <param name="Outcome">The registry's answer.</param>
/// <param name="Remaining">
/// For taken: how long the attempt may take. For busy: when to ask again, because by then the holder's lease has ended, unless it was
/// renewed, or may have been given back.
/// </param>
public sealed record LeaseReply(LeaseAnswer Outcome, TimeSpan Remaining)
{
    /// <summary>For taken: where an earlier attempt in the same direction stopped, as JSON; null when it kept no checkpoint.</summary>
    public string? Checkpoint { get; init; }
}

public enum LeaseAnswer
{
    Taken,

    /// <summary>The dispatch is no longer the newest, or already has a result. Do nothing and report nothing.</summary>
    Stale,

    /// <summary>
    /// Another delivery has already taken the same dispatch. Do nothing and report nothing. If that worker is lost, the orchestrator
    /// detects it by the lease.
    /// </summary>
    Duplicate,

    /// <summary>The delivery arrived after its deadline. Do nothing and report nothing. The orchestrator sends the dispatch again.</summary>
    Late,

    /// <summary>A live worker of an older dispatch holds the lease.</summary>
    Busy,
}
