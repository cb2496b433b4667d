using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Events;

/// <summary>The last backup of a tenant that was deprovisioned is gone, and its backup key was destroyed. The tenant can no longer be restored.</summary>
public sealed record TenantBackupKeyDestroyed
{
    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    public required Guid OperationId { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}
