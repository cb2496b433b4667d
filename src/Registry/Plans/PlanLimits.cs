using Saga.Registry.Tenants;

namespace Saga.Registry.Plans;

/// <summary>What tenants of a plan may use, unless they have limits of their own.</summary>
public sealed record PlanLimits
{
    public required int Users { get; init; }

    /// <summary>Storage in GiB.</summary>
    public required long StorageGib { get; init; }

    /// <summary>Requests a day; null when the plan does not limit them.</summary>
    public long? RequestsPerDay { get; init; }

    /// <summary>Of plans from before there were versions, which have no setting for it.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>The connection limit of the tenant's database role.</summary>
    public required int DatabaseConnections { get; init; }

    /// <summary>How a tenant's own limits of users and storage compare with these.</summary>
    public OwnLimitRule OwnLimits { get; init; }

    /// <summary>The limits with the tenant's own in place of the plan's.</summary>
    public PlanLimits Of(Tenant tenant) => this with { Users = tenant.MaxUsers ?? Users, StorageGib = tenant.MaxStorageGib ?? StorageGib };
}
