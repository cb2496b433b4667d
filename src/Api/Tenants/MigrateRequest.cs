using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Tenants;

/// <summary>The body of POST /api/v1/tenants/{idOrSlug}/migrate, for the OpenAPI document; read by the reader of commands.</summary>
public sealed record MigrateRequest
{
    [Description("A plan listed by GET /api/v1/plans; the tenant's own plan when absent.")]
    public string? TargetPlan { get; init; }

    [Description("The version of targetPlan, as the dry run shows it. If another version is current, the command is refused. The current one when absent.")]
    public int? TargetVersion { get; init; }

    [AllowedValues("row", "schema", "database"), Description("Where the tenant's rows live: row, schema or database, if the plan allows it. When absent, the tenant keeps its tier if the plan allows it, and otherwise gets the plan's default.")]
    public string? Isolation { get; init; }

    [Description("The database server; the tenant's own server when absent.")]
    public string? Server { get; init; }

    [Description("The tenant's slug. Needed only when preserveData is false.")]
    public string? Confirm { get; init; }

    [Description("How the rows are moved. Without effect where no rows move.")]
    public MigrationOptionsRequest? MigrationOptions { get; init; }
}

public sealed record MigrationOptionsRequest
{
    [Description("Whether the rows are moved; true when absent. If false, the tenant starts empty.")]
    public bool? PreserveData { get; init; }

    [Description("Whether the tenant may be read-only and unavailable meanwhile; false when absent.")]
    public bool? Downtime { get; init; }
}
