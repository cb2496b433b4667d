using Saga.Engine.Drift;

namespace Saga.Registry.Drift;

/// <summary>A finding as it is kept.</summary>
public sealed record StoredFinding
{
    public required Guid Id { get; init; }

    public required DriftFinding Finding { get; init; }

    public required DateTimeOffset FirstSeenAt { get; init; }

    public required DateTimeOffset LastSeenAt { get; init; }

    /// <summary>When a scan did not see it any more; null while it is open.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The operation that repaired it; null when it ended otherwise, or is open.</summary>
    public Guid? RepairedBy { get; init; }

    /// <summary>The operation of the scan that saw it first.</summary>
    public required Guid FirstScan { get; init; }

    /// <summary>The operation of the scan that saw it last.</summary>
    public required Guid LastScan { get; init; }
}
