using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Registry.Batches;
using Saga.Registry.Tenants;

namespace Saga.Registry.Placements;

/// <summary>A place of active tenants, and the version of the product's tables in it.</summary>
public sealed record PlaceVersion
{
    public required IsolationTier Tier { get; init; }

    public required Placement Place { get; init; }

    /// <summary>How many active tenants have it as their current place: one, unless they share its tables.</summary>
    public required int Tenants { get; init; }

    /// <summary>What the registry knows: the highest version that a step has recorded. Null when none has.</summary>
    public required int? Version { get; init; }

    /// <summary>The tenant whose own place it is; null when tenants share it.</summary>
    public TenantId? Tenant { get; init; }

    public string? Slug { get; init; }

    /// <summary>Whether the tenant wants automatic updates. Of shared tables it says nothing.</summary>
    public bool AutoUpdate { get; init; } = true;

    /// <summary>The tenant's maintenance window. Of shared tables it says nothing.</summary>
    public MaintenanceWindow? Window { get; init; }

    public string? Timezone { get; init; }

    /// <summary>The newest upgrade of it that was run; null when none is remembered.</summary>
    public PlaceUpgrade? LastUpgrade { get; init; }
}

/// <summary>The upgrade of a place as an item of a batch.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="State">What became of it.</param>
/// <param name="NotBefore">When the place's window opens, if it was closed.</param>
/// <param name="OperationId">The operation that carries it out; null until one does.</param>
public sealed record PlaceUpgrade(Guid Batch, BatchItemState State, DateTimeOffset? NotBefore, Guid? OperationId);

/// <summary>How many places and tenants of a tier have a version of the product's tables.</summary>
public sealed record VersionCount(IsolationTier Tier, int? Version, int Places, int Tenants);
