using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Saga.Lifecycle.Plans;

namespace Saga.Api.Tenants;

/// <summary>The body of PATCH /api/v1/tenants/{idOrSlug}, a JSON merge patch, for the OpenAPI document.</summary>
public sealed record UpdateRequest
{
    [StringLength(200, MinimumLength = 1), Description("The display name.")]
    public string? Name { get; init; }

    [StringLength(255, MinimumLength = 1), Description("What the tenant is; null for none.")]
    public string? Description { get; init; }

    [MaxLength(254), Description("The administrator's e-mail address. Another address makes its user an administrator in place of the former one.")]
    public string? AdminEmail { get; init; }

    [RegularExpression(@"^\+[1-9][0-9]{6,14}$"), Description("A telephone number in the form of E.164; null for none.")]
    public string? Phone { get; init; }

    [MaxLength(253), Description("A DNS name that the tenant owns; null for none. It is used once its control is proved.")]
    public string? Domain { get; init; }

    [MaxLength(63), Description("One DNS label below the product's domain; null for the slug.")]
    public string? Subdomain { get; init; }

    [Description("An IANA time zone; null for UTC.")]
    public string? Timezone { get; init; }

    [RegularExpression("^[a-z0-9-]{1,63}$"), Description("Where later placements must be; null for any region. No row moves.")]
    public string? Region { get; init; }

    [Description("Feature switches that override the plan's defaults; null removes one, or all.")]
    public IReadOnlyDictionary<string, bool?>? Features { get; init; }

    [Description("Settings that override the plan's defaults; null removes one, or all.")]
    public IReadOnlyDictionary<string, JsonElement>? Settings { get; init; }

    [Description("The sizes of the connection pools of the processes that serve the tenant; null for each process's own sizes.")]
    public PoolSizesView? Pool { get; init; }

    [Description("Whether the tenant wants a read replica; null for false.")]
    public bool? ReadReplica { get; init; }

    [Description("Whether the tenant gets new versions of the product without being asked; null for true.")]
    public bool? AutoUpdate { get; init; }

    [Range(1, int.MaxValue), Description("The tenant's own limit of users, by the rule of provisioning; null for the plan's.")]
    public int? MaxUsers { get; init; }

    [Range(1, OwnLimits.MostStorage), Description("The tenant's own limit of storage in GiB; null for the plan's.")]
    public long? MaxStorage { get; init; }

    [Description("When the tenant may be disturbed, in its time zone; null for at any time.")]
    public MaintenanceWindowView? MaintenanceWindow { get; init; }
}
