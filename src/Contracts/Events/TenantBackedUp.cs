using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Events;

/// <summary>
/// A backup of a tenant is complete, and its checksums were read back from the object store. Published once per backup.
/// <see cref="TenantBackupFailed"/> follows if the operation is undone all the same.
/// </summary>
public sealed record TenantBackedUp
{
    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    public required Guid BackupId { get; init; }

    /// <summary>The stored size of all parts, in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>The state that the rows have in it.</summary>
    public required DateTimeOffset SnapshotAt { get; init; }

    public required Guid OperationId { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}
