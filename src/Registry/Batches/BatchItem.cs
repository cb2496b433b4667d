using Saga.Contracts.Steps;
using Saga.Engine.Replays;

namespace Saga.Registry.Batches;

public enum BatchItemState
{
    Pending,

    Running,

    Succeeded,

    Failed,

    /// <summary>The order or the command was not accepted.</summary>
    Refused,

    /// <summary>The batch was aborted before it began.</summary>
    Skipped,
}

/// <summary>One operation or tenant of a batch.</summary>
public sealed record BatchItem
{
    public required Guid BatchId { get; init; }

    /// <summary>From 1, in the order in which items begin.</summary>
    public required int Number { get; init; }

    /// <summary>The operation that is replayed, or the tenant that gets the command.</summary>
    public required Guid Subject { get; init; }

    /// <summary>Of a replay: the operation's version when the batch was prepared.</summary>
    public long? Version { get; init; }

    public required BatchItemState State { get; init; }

    public int? Wave { get; init; }

    /// <summary>The operation that carries it out; null until one does.</summary>
    public Guid? OperationId { get; init; }

    /// <summary>Why it failed or was refused.</summary>
    public Failure? Failure { get; init; }

    public DateTimeOffset? BegunAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Of a replay that succeeded: what was seen of its effect; null until somebody has looked.</summary>
    public ReplayStage? Seen { get; init; }
}

/// <summary>Items of a batch of replays whose operations failed in the same way before.</summary>
public sealed record BatchGroup(string Kind, string? Step, string? Code, string? System, int Count, Guid Sample);
