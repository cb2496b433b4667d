namespace Saga.Contracts.Events;

/// <summary>A backup of the registry is complete and was read back. Published once per backup.</summary>
public sealed record RegistryBackedUp
{
    public required Guid BackupId { get; init; }

    /// <summary>The stored size.</summary>
    public required long Bytes { get; init; }

    /// <summary>The time whose state the rows have.</summary>
    public required DateTimeOffset SnapshotAt { get; init; }

    /// <summary>The ids of the master keys without which it cannot be used.</summary>
    public required IReadOnlyList<string> MasterKeyIds { get; init; }

    public required Guid OperationId { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}
