using System.Text.Json;
using Saga.Engine.Batches;

namespace Saga.Registry.Batches;

/// <summary>What the items of a batch are.</summary>
public enum BatchKind
{
    /// <summary>Orders for operations.</summary>
    Replays,

    /// <summary>One command for many tenants.</summary>
    Commands,

    /// <summary>The same version of the product's tables for many places.</summary>
    Upgrades,
}

public enum BatchState
{
    /// <summary>Its items are chosen, and nothing was ordered.</summary>
    Prepared,

    Running,

    /// <summary>No further item begins. Those that have begun go on.</summary>
    Paused,

    /// <summary>Every item has ended.</summary>
    Completed,

    /// <summary>Items that had not begun were skipped.</summary>
    Aborted,
}

/// <summary>One order for many operations, tenants or places.</summary>
public sealed record Batch
{
    public required Guid Id { get; init; }

    public required BatchKind Kind { get; init; }

    public required BatchState State { get; init; }

    /// <summary>The kind of the commands that its items are; null for replays.</summary>
    public string? Action { get; init; }

    /// <summary>The order, or the command's fields without the tenant or the place.</summary>
    public required JsonElement Input { get; init; }

    public required BatchPace Pace { get; init; }

    public required string Reason { get; init; }

    public required string PreparedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it is deleted if nobody has run it.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The operation that stands for it; null until it runs.</summary>
    public Guid? OperationId { get; init; }

    public string? RunBy { get; init; }

    /// <summary>Whether its items are ordered with an operator's rights only.</summary>
    public bool AsOperator { get; init; }

    /// <summary>From 1; 0 until it runs.</summary>
    public int Wave { get; init; }

    public int WaveSize { get; init; }

    /// <summary>Why it paused; null when it did not.</summary>
    public string? PauseReason { get; init; }

    /// <summary>The same for programs; null when it did not pause by itself.</summary>
    public string? PauseCode { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Who aborted it.</summary>
    public string? EndedBy { get; init; }

    public string? EndReason { get; init; }

    /// <summary>How many of its items are in each state.</summary>
    public IReadOnlyDictionary<BatchItemState, int> Counts { get; init; } = new Dictionary<BatchItemState, int>();
}

/// <summary>A filter for batches; null matches all.</summary>
public sealed record BatchFilter
{
    public IReadOnlyList<BatchKind>? Kinds { get; init; }

    public IReadOnlyList<BatchState>? States { get; init; }
}
