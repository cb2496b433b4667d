using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Events;

/// <summary>The files of a backup are gone and its key is destroyed, because its time was over. Published once per backup.</summary>
public sealed record TenantBackupExpired
{
    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    public required Guid BackupId { get; init; }

    public required Guid OperationId { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}
