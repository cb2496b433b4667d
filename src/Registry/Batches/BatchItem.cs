using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Replays;
using Saga.Registry.Tenants;

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

/// <summary>One operation, tenant or place of a batch.</summary>
public sealed record BatchItem
{
    public required Guid BatchId { get; init; }

    /// <summary>From 1, in the order in which items begin.</summary>
    public required int Number { get; init; }

    /// <summary>The operation that is replayed, the tenant that gets the command, or the one whose own place is upgraded. Of shared tables it stands for nothing.</summary>
    public required Guid Subject { get; init; }

    /// <summary>Of a replay: the operation's version when the batch was prepared.</summary>
    public long? Version { get; init; }

    /// <summary>Of an upgrade: the place.</summary>
    public BatchPlace? Place { get; init; }

    /// <summary>Of an upgrade: when the place's window opens, if it was closed. It does not begin before.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Of the rehearsal of an upgrade: which one it is, from 1. Null for every other item.</summary>
    public int? Rehearsal { get; init; }

    /// <summary>Of an upgrade: the complete backup that was made before it. Of a rehearsal: the one that was restored.</summary>
    public Guid? BackupId { get; init; }

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

/// <summary>A place whose tables are upgraded.</summary>
/// <param name="Tier">Whose it is: one tenant's, or that of all tenants of the row tier on its server.</param>
/// <param name="Place">Where it is.</param>
/// <param name="Tenants">How many tenants it had when the batch was prepared.</param>
public sealed record BatchPlace(IsolationTier Tier, Placement Place, int Tenants)
{
    /// <summary>Whether several tenants share the tables.</summary>
    public bool IsShared => Tier == IsolationTier.Row;
}

/// <summary>A place to upgrade, for a batch that is prepared.</summary>
/// <param name="Place">The place.</param>
/// <param name="Tenant">The tenant whose own place it is; null for shared tables.</param>
/// <param name="NotBefore">When its window opens, if it is closed.</param>
public sealed record ChosenPlace(BatchPlace Place, TenantId? Tenant, DateTimeOffset? NotBefore)
{
    /// <summary>Whether its upgrade is only rehearsed. Rehearsals come first in the list.</summary>
    public bool IsRehearsal { get; init; }
}

/// <summary>Items of a batch of replays whose operations failed in the same way before.</summary>
public sealed record BatchGroup(string Kind, string? Step, string? Code, string? System, int Count, Guid Sample);
