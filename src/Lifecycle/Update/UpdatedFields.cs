using System.Text.Json;
using Saga.Contracts.Commands;

namespace Saga.Lifecycle.Update;

/// <summary>The fields that an update may change, with their types. The names are those of <see cref="Saga.Registry.Tenants.TenantField"/>.</summary>
internal sealed record UpdatedFields
{
    public string? Name { get; init; }

    public string? Description { get; init; }

    public string? AdminEmail { get; init; }

    public string? Phone { get; init; }

    public string? Domain { get; init; }

    public string? Subdomain { get; init; }

    public string? Timezone { get; init; }

    public string? Region { get; init; }

    public IReadOnlyDictionary<string, bool>? Features { get; init; }

    public IReadOnlyDictionary<string, JsonElement>? Settings { get; init; }

    public PoolSizes? Pool { get; init; }

    public bool? ReadReplica { get; init; }

    public bool? AutoUpdate { get; init; }

    public int? MaxUsers { get; init; }

    public long? MaxStorage { get; init; }

    public MaintenanceWindow? MaintenanceWindow { get; init; }
}
