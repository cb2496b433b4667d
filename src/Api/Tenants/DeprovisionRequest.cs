using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Tenants;

/// <summary>The body of DELETE /api/v1/tenants/{idOrSlug} and of POST /api/v1/tenants/{idOrSlug}/deprovision, for the OpenAPI document.</summary>
public sealed record DeprovisionRequest
{
    [Required, Description("The tenant's slug, as a confirmation. With anything else nothing is done.")]
    public required string Confirm { get; init; }

    [Description("Whether a final backup is made before anything is removed; true when absent.")]
    public bool? Backup { get; init; }

    [Range(0, 365), Description("How many days pass before everything is removed; the plan's when absent.")]
    public int? GraceDays { get; init; }

    [Description("The tenant's slug once more. Needed only with graceDays 0.")]
    public string? ConfirmNoGrace { get; init; }
}

/// <summary>The body of POST /api/v1/tenants/{idOrSlug}/deprovision/cancel, for the OpenAPI document.</summary>
public sealed record CancelDeprovisionRequest
{
    [StringLength(500, MinimumLength = 1), Description("Why; kept in the audit log.")]
    public string? Reason { get; init; }
}
