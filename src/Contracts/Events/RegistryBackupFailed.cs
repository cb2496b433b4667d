namespace Saga.Contracts.Events;

/// <summary>A backup of the registry failed or was cancelled, and what it had written was removed. Published once per backup.</summary>
public sealed record RegistryBackupFailed
{
    public required Guid BackupId { get; init; }

    /// <summary>The failure's code, or <c>cancelled</c>.</summary>
    public required string Code { get; init; }

    public required string Reason { get; init; }

    public required Guid OperationId { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}
