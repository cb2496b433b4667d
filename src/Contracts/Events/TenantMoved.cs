using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Events;

/// <summary>A tenant's rows have another place. Published once per move, after the tenant was routed there.</summary>
public sealed record TenantMoved
{
    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    public required string FromServer { get; init; }

    public required IsolationTier FromTier { get; init; }

    public required string ToServer { get; init; }

    public required IsolationTier ToTier { get; init; }

    public required Guid OperationId { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}
