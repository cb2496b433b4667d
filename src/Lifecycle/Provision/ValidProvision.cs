using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Provision;

/// <summary>A valid command, with normalized texts and defaults filled in.</summary>
public sealed record ValidProvision
{
    public required string Name { get; init; }

    public required Slug Slug { get; init; }

    public required Plan Plan { get; init; }

    public required IsolationTier Tier { get; init; }

    public required string AdminEmail { get; init; }

    /// <summary>Lower case, international labels in punycode.</summary>
    public string? Domain { get; init; }

    public required string Subdomain { get; init; }

    /// <summary>Whether the command gives the subdomain; otherwise it is the slug.</summary>
    public bool SubdomainGiven { get; init; }

    public string? Region { get; init; }

    public required string Timezone { get; init; }

    public required IReadOnlyDictionary<string, bool> Features { get; init; }

    public required IReadOnlyDictionary<string, JsonElement> Settings { get; init; }

    public int? MaxUsers { get; init; }

    /// <summary>In GiB.</summary>
    public long? MaxStorage { get; init; }

    public string? Description { get; init; }

    public string? Phone { get; init; }

    public PoolSizes? Pool { get; init; }

    public bool ReadReplica { get; init; }

    public bool AutoUpdate { get; init; } = true;

    public MaintenanceWindow? MaintenanceWindow { get; init; }

    /// <summary>The tenant's initial row.</summary>
    public NewTenant ToNewTenant() => new()
    {
        Slug = Slug,
        Name = Name,
        Plan = Plan.Name,
        PlanVersion = Plan.Version,
        MaxUsers = MaxUsers,
        MaxStorageGib = MaxStorage,
        Tier = Tier,
        Domain = Domain,
        Subdomain = Subdomain,
        Region = Region,
        Timezone = Timezone,
        AdminEmail = AdminEmail,
        Features = Features,
        Settings = Settings,
        Description = Description,
        Phone = Phone,
        Pool = Pool,
        ReadReplica = ReadReplica,
        AutoUpdate = AutoUpdate,
        MaintenanceWindow = MaintenanceWindow,
    };
}
