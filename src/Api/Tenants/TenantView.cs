using System.Text.Json;
using Saga.Contracts.Identifiers;
using Saga.Registry.Tenants;

namespace Saga.Api.Tenants;

/// <summary>A tenant as callers see it.</summary>
public sealed record TenantView
{
    public required TenantId Id { get; init; }

    public required string Slug { get; init; }

    public required string Name { get; init; }

    public required string Plan { get; init; }

    /// <summary>The version of the plan that it runs on.</summary>
    public required int PlanVersion { get; init; }

    /// <summary>Its own limit of users; absent when the plan's holds.</summary>
    public int? MaxUsers { get; init; }

    /// <summary>Its own limit of storage in GiB; absent when the plan's holds.</summary>
    public long? MaxStorage { get; init; }

    public required IsolationTier Isolation { get; init; }

    public required TenantStatus Status { get; init; }

    /// <summary>Why it may not do all that it usually may, oldest first; absent when nothing restricts it.</summary>
    public IReadOnlyList<HoldView>? Holds { get; init; }

    /// <summary>Its deprovisioning; absent when it is not going to be removed.</summary>
    public DeletionView? Deletion { get; init; }

    public string? Domain { get; init; }

    public required string Subdomain { get; init; }

    public string? Region { get; init; }

    public required string Timezone { get; init; }

    public required string AdminEmail { get; init; }

    /// <summary>The tenant's own switches, which override the plan's.</summary>
    public required IReadOnlyDictionary<string, bool> Features { get; init; }

    /// <summary>The tenant's own settings, which override the plan's; never a sealed one.</summary>
    public required IReadOnlyDictionary<string, JsonElement> Settings { get; init; }

    public string? Description { get; init; }

    public string? Phone { get; init; }

    /// <summary>Absent when each process that serves it has its own sizes.</summary>
    public PoolSizesView? Pool { get; init; }

    /// <summary>Whether it wants a read replica.</summary>
    public required bool ReadReplica { get; init; }

    /// <summary>Whether it gets new versions of the product without being asked.</summary>
    public required bool AutoUpdate { get; init; }

    /// <summary>When it may be disturbed; absent for at any time.</summary>
    public MaintenanceWindowView? MaintenanceWindow { get; init; }

    public PlacementView? Placement { get; init; }

    public int? SchemaVersion { get; init; }

    public string? OrganizationId { get; init; }

    public required long Version { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public static TenantView Of(Tenant tenant) => new()
    {
        Id = tenant.Id,
        Slug = tenant.Slug.ToString(),
        Name = tenant.Name,
        Plan = tenant.Plan,
        PlanVersion = tenant.PlanVersion,
        MaxUsers = tenant.MaxUsers,
        MaxStorage = tenant.MaxStorageGib,
        Isolation = tenant.Tier,
        Status = tenant.ShownStatus,
        Holds = tenant.Holds.Count == 0 ? null : [.. tenant.Holds.Select(h => new HoldView(h.Code, h.Effect, h.Reason, h.CreatedAt))],
        Deletion = tenant.Deletion is { } deletion ? DeletionView.Of(deletion) : null,
        Domain = tenant.Domain,
        Subdomain = tenant.Subdomain,
        Region = tenant.Region,
        Timezone = tenant.Timezone,
        AdminEmail = tenant.AdminEmail,
        Features = tenant.Features,
        Settings = tenant.Settings,
        Description = tenant.Description,
        Phone = tenant.Phone,
        Pool = PoolSizesView.Of(tenant.Pool),
        ReadReplica = tenant.ReadReplica,
        AutoUpdate = tenant.AutoUpdate,
        MaintenanceWindow = MaintenanceWindowView.Of(tenant.MaintenanceWindow),
        Placement = tenant.Placement is { } p ? new(p.Server, p.Database, p.Schema) : null,
        SchemaVersion = tenant.SchemaVersion,
        OrganizationId = tenant.OrganizationId,
        Version = tenant.Version,
        CreatedAt = tenant.CreatedAt,
        UpdatedAt = tenant.UpdatedAt,
    };
}

/// <summary>Where the tenant's rows live.</summary>
public sealed record PlacementView(string Server, string Database, string Schema);
