using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Registry.Deprovisionings;
using Saga.Registry.Holds;
using Saga.Registry.Placements;

namespace Saga.Registry.Tenants;

/// <summary>One tenant in the registry.</summary>
public sealed record Tenant
{
    public required TenantId Id { get; init; }

    public required Slug Slug { get; init; }

    public required string Name { get; init; }

    public required string Plan { get; init; }

    /// <summary>The version of the plan that the tenant runs on.</summary>
    public int PlanVersion { get; init; } = 1;

    /// <summary>Its own limit of users; null for the plan's.</summary>
    public int? MaxUsers { get; init; }

    /// <summary>Its own limit of storage in GiB; null for the plan's.</summary>
    public long? MaxStorageGib { get; init; }

    public required IsolationTier Tier { get; init; }

    /// <summary>The stored status, which does not reflect holds.</summary>
    public required TenantStatus Status { get; init; }

    /// <summary>What restricts the tenant beside its status, oldest first: one hold for each code.</summary>
    public IReadOnlyList<Hold> Holds { get; init; } = [];

    /// <summary>Its deprovisioning; null when nobody has asked for one, or when it was taken back.</summary>
    public PendingDeletion? Deletion { get; init; }

    /// <summary>Whether a hold closes it.</summary>
    public bool Closed => Holds.Any(h => h.Effect == HoldEffect.Closed);

    /// <summary>The status shown to callers.</summary>
    public TenantStatus ShownStatus => Closed && Status == TenantStatus.Active ? TenantStatus.Suspended : Status;

    /// <summary>The domain that the tenant claims. Only <see cref="ProvedDomain"/> may be used for anything.</summary>
    public string? Domain { get; init; }

    /// <summary>The domain, if the tenant's control of it was proved.</summary>
    public string? ProvedDomain { get; init; }

    public required string Subdomain { get; init; }

    public string? Region { get; init; }

    public required string Timezone { get; init; }

    public required string AdminEmail { get; init; }

    public required IReadOnlyDictionary<string, bool> Features { get; init; }

    public required IReadOnlyDictionary<string, JsonElement> Settings { get; init; }

    public string? Description { get; init; }

    public string? Phone { get; init; }

    /// <summary>The sizes of the pools of processes that serve it; null for their own sizes.</summary>
    public PoolSizes? Pool { get; init; }

    /// <summary>Whether it wants a read replica.</summary>
    public bool ReadReplica { get; init; }

    /// <summary>Whether it gets new versions of the product without being asked.</summary>
    public bool AutoUpdate { get; init; } = true;

    /// <summary>When it may be disturbed; null for at any time.</summary>
    public MaintenanceWindow? MaintenanceWindow { get; init; }

    /// <summary>The current placement, or otherwise the one that is being built; null until one is chosen.</summary>
    public TenantPlacement? Placed { get; init; }

    /// <summary>The placement to which the tenant is routed, with its server, tier and epoch; null until the tenant is activated.</summary>
    public TenantPlacement? Current => Placed is { State: PlacementState.Current } ? Placed : null;

    /// <summary>The location of <see cref="Placed"/>.</summary>
    public Placement? Placement => Placed?.Place;

    /// <summary>The version of the product schema in <see cref="Placed"/>; null before it was migrated.</summary>
    public int? SchemaVersion => Placed?.SchemaVersion;

    /// <summary>The organisation's id in the identity provider.</summary>
    public string? OrganizationId { get; init; }

    public string? AdminUserId { get; init; }

    public required long Version { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>The server and database with a tenant's data.</summary>
/// <param name="Server">A name in <c>database_servers</c>.</param>
/// <param name="Database">The database on that server.</param>
/// <param name="Schema">The schema in that database.</param>
public sealed record Placement(string Server, string Database, string Schema);
