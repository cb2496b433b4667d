using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Events;

/// <summary>A tenant's backup was restored and verified. Published once per restore.</summary>
public sealed record TenantRestored
{
    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    public required Guid BackupId { get; init; }

    /// <summary>The mode of the command: beside or replace.</summary>
    public required string Mode { get; init; }

    public required string Server { get; init; }

    /// <summary>The database with the restored rows.</summary>
    public required string Database { get; init; }

    /// <summary>When the restored database is removed, or what it has replaced.</summary>
    public required DateTimeOffset RemoveAt { get; init; }

    public required Guid OperationId { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}
