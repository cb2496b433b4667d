namespace Saga.Contracts.Commands;

/// <summary>
/// Copies the files of a complete backup, of a tenant or of the registry, to the second place of <c>Saga:Backups:Copy</c>, and reads them back
/// there. What is there already stays. The orchestrator sends it; others may send it to <see cref="Endpoints.BackupCopies"/>.
/// </summary>
public sealed record CopyBackup
{
    public required Guid BackupId { get; init; }

    public string? IdempotencyKey { get; init; }
}
