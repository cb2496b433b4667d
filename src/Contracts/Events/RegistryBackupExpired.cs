namespace Saga.Contracts.Events;

/// <summary>The files of a backup of the registry are gone, and with its manifest the last record of its key. Published once per backup.</summary>
public sealed record RegistryBackupExpired
{
    public required Guid BackupId { get; init; }

    public required Guid OperationId { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}
