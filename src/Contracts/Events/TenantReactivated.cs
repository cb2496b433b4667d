using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Events;

/// <summary>Holds of a tenant were lifted. Published once per reactivation, in the transaction that lifts them.</summary>
public sealed record TenantReactivated
{
    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    /// <summary>The codes that were lifted.</summary>
    public required IReadOnlyList<HoldCode> Codes { get; init; }

    /// <summary>The codes that still stand. While one of them closes the tenant, it stays closed.</summary>
    public required IReadOnlyList<HoldCode> Remaining { get; init; }

    public required Guid OperationId { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}
