using Saga.Engine.Replays;
using Saga.Registry.Replays;

namespace Saga.Api.Operations;

/// <summary>What became of the newest replay of an operation.</summary>
public sealed record ReplayOutcomeView
{
    public required ReplayStage Stage { get; init; }

    public required DateTimeOffset RequestedAt { get; init; }

    /// <summary>As in the audit log.</summary>
    public required string RequestedBy { get; init; }

    /// <summary>What was seen, in words; absent until somebody has looked.</summary>
    public string? Why { get; init; }

    /// <summary>The address of the scan that looks, or has looked; absent until there is one.</summary>
    public string? Scan { get; init; }

    /// <summary>When the scan's result was read.</summary>
    public DateTimeOffset? LookedAt { get; init; }

    /// <summary>What outside is still not as the registry says, the first 20.</summary>
    public required IReadOnlyList<ReplayDifferenceView> Differences { get; init; }

    internal static ReplayOutcomeView? Of(ReplayCheck? check) => check is null ? null : new()
    {
        Stage = ReplayOutcome.StageOf(check.Facts),
        RequestedAt = check.RequestedAt,
        RequestedBy = check.RequestedBy,
        Why = check.Why,
        Scan = check.Scan is { } scan ? OperationEndpoints.Address(scan) : null,
        LookedAt = check.JudgedAt,
        Differences = [.. check.Differences.Select(d => new ReplayDifferenceView(d.Id, d.Resource, d.Kind, d.Server, d.Name))],
    };
}

/// <summary>A difference between the registry and what is outside.</summary>
/// <param name="Id">The finding, as in GET /api/v1/drift.</param>
/// <param name="Resource">What differs.</param>
/// <param name="Kind">orphan, missing or different.</param>
/// <param name="Server">The database server it is on; absent for what is on none.</param>
/// <param name="Name">Its name outside.</param>
public sealed record ReplayDifferenceView(Guid Id, string Resource, string Kind, string? Server, string Name);
