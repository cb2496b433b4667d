using Saga.Registry.Plans;

namespace Saga.Registry.Placements;

/// <summary>A placement that was current and is kept, so that the tenant can be routed back to it; or one with the rows that a restore has replaced.</summary>
public sealed record KeptPlacement(TenantPlacement Placement)
{
    /// <summary>When it may be removed; null while the operation that left it has not finished.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The placement that its rows were in, and can be put back into; null when the tenant can be routed to it.</summary>
    public Guid? Keeps { get; init; }

    /// <summary>The change of plan by the operation that left it; null when it changed no plan.</summary>
    public PlanChange? Change { get; init; }
}
