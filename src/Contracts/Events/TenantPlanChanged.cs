using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Events;

/// <summary>A tenant has another plan, or another version of its plan. Published once per change, after its configuration was verified.</summary>
public sealed record TenantPlanChanged
{
    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    public required string FromPlan { get; init; }

    public int FromVersion { get; init; }

    public required string ToPlan { get; init; }

    public int ToVersion { get; init; }

    public required Guid OperationId { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}
