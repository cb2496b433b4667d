using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Events;

/// <summary>A tenant became active. Published once per provisioning, in the transaction that activates the tenant.</summary>
public sealed record TenantProvisioned
{
    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    public required string Plan { get; init; }

    public required IsolationTier Tier { get; init; }

    public required Guid OperationId { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}
