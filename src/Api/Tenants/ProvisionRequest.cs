using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace Saga.Api.Tenants;

/// <summary>The body of POST /api/v1/tenants, for the OpenAPI document; read by <see cref="ProvisionRequestReader"/>.</summary>
public sealed record ProvisionRequest
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

    [Description("An IANA time zone; defaults to UTC.")]
    public string? Timezone { get; init; }
}
