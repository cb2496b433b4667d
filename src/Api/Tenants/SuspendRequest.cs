using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Tenants;

/// <summary>The body of POST /api/v1/tenants/{idOrSlug}/suspend, for the OpenAPI document.</summary>
public sealed record SuspendRequest
{
    [Required, StringLength(500, MinimumLength = 1), Description("Why; shown with the tenant, in the history and in the audit log.")]
    public required string Reason { get; init; }

    [AllowedValues("nonPayment", "abuse", "request", "maintenance", "limitExceeded", "other"), Description("The kind of reason; defaults to other. limitExceeded only keeps the tenant from growing.")]
    public string? Code { get; init; }
}
