using Saga.Contracts.Identifiers;
using Saga.Registry.Tenants;

namespace Saga.Registry.Placements;

/// <summary>One placement of a tenant: the location of its data, and the roles that access it.</summary>
public sealed record TenantPlacement
{
    public required Guid Id { get; init; }

    /// <summary>Grows with each placement of the tenant, and with each switch of its routing.</summary>
    public required long Epoch { get; init; }

    public required PlacementState State { get; init; }

    public required IsolationTier Tier { get; init; }

    /// <summary>The location.</summary>
    public required Placement Place { get; init; }

    /// <summary>The role that the tenant's own sessions sign in as.</summary>
    public required string Login { get; init; }

    /// <summary>The role that owns the tenant's objects; null when tenants share tables.</summary>
    public string? Owner { get; init; }

    /// <summary>The version of the product schema in it; null before it was migrated.</summary>
    public int? SchemaVersion { get; init; }
}
