using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Saga.Lifecycle.Plans;

namespace Saga.Api.Tenants;

/// <summary>The body of POST /api/v1/tenants, for the OpenAPI document; read by <see cref="ProvisionRequestReader"/>.</summary>
public record ProvisionRequest
{
    [Required, StringLength(200, MinimumLength = 1), Description("The display name.")]
    public required string Name { get; init; }

    [Required, RegularExpression("^[a-z][a-z0-9-]{1,38}[a-z0-9]$"), Description("The tenant's immutable short name; unique among live tenants.")]
    public required string Slug { get; init; }

    [Required, Description("A plan listed by GET /api/v1/plans.")]
    public required string Plan { get; init; }

    [Required, MaxLength(254), Description("The first administrator's e-mail address.")]
    public required string AdminEmail { get; init; }

    [MaxLength(253), Description("A DNS name that the tenant owns; stored in lower case and punycode; unique among live tenants.")]
    public string? Domain { get; init; }

    [MaxLength(63), Description("One DNS label below the product's domain; defaults to the slug; unique among live tenants.")]
    public string? Subdomain { get; init; }

    [AllowedValues("row", "schema", "database"), Description("Where the tenant's rows live: row, schema or database, if the plan allows it; defaults to the plan's default.")]
    public string? Isolation { get; init; }

    [RegularExpression("^[a-z0-9-]{1,63}$"), Description("Where the data must live; any region when absent.")]
    public string? Region { get; init; }

    [Description("Feature switches that override the plan's defaults; only names that the plan defines.")]
    public IReadOnlyDictionary<string, bool>? Features { get; init; }

    [Description("Settings that override the plan's defaults; only names that the plan defines, with values of the default's type. Sealed settings cannot be given.")]
    public IReadOnlyDictionary<string, JsonElement>? Settings { get; init; }

    [Range(1, int.MaxValue), Description("The tenant's own limit of users: at most the plan's, or at least the plan's if its ownLimits is atLeast. The plan's when absent.")]
    public int? MaxUsers { get; init; }

    [Range(1, OwnLimits.MostStorage), Description("The tenant's own limit of storage in GiB, by the same rule.")]
    public long? MaxStorage { get; init; }

    [Description("An IANA time zone; defaults to UTC.")]
    public string? Timezone { get; init; }

    [StringLength(255, MinimumLength = 1), Description("What the tenant is.")]
    public string? Description { get; init; }

    [RegularExpression(@"^\+[1-9][0-9]{6,14}$"), Description("A telephone number in the form of E.164.")]
    public string? Phone { get; init; }

    [Description("The sizes of the connection pools of the processes that serve the tenant; each process's own sizes when absent.")]
    public PoolSizesView? Pool { get; init; }

    [Description("Whether the tenant wants a read replica; defaults to false.")]
    public bool? ReadReplica { get; init; }

    [Description("Whether the tenant gets new versions of the product without being asked; defaults to true.")]
    public bool? AutoUpdate { get; init; }

    [Description("When the tenant may be disturbed, in its time zone; at any time when absent.")]
    public MaintenanceWindowView? MaintenanceWindow { get; init; }
}
