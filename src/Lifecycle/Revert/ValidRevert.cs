using Saga.Contracts.Identifiers;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Revert;

/// <summary>A valid command, with what the registry knows of kept copies and plans.</summary>
public sealed record ValidRevert
{
    public required TenantId Tenant { get; init; }

    /// <summary>Why, for people; null when no reason was given.</summary>
    public string? Reason { get; init; }

    /// <summary>The place that the tenant would go back to; null when none is kept.</summary>
    public KeptPlacement? Kept { get; init; }

    /// <summary>The plan that the tenant would have, in that version; empty when it is not in the registry.</summary>
    public required IReadOnlyList<Plan> Plans { get; init; }

    /// <summary>The tenant as it was when the command was checked, for previews; null when there is none.</summary>
    public Tenant? Found { get; init; }

    /// <summary>The plan that the tenant gets back; null when it keeps its plan.</summary>
    public string? PlanOf(Tenant tenant) => Kept?.Change is { } change && change.ToPlan == tenant.Plan ? change.FromPlan : null;
}
