using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Tenants;

/// <summary>The body of POST /api/v1/tenants/{idOrSlug}/migrate/revert, for the OpenAPI document.</summary>
public sealed record RevertRequest
{
    [StringLength(500, MinimumLength = 1), Description("Why; shown in the audit log.")]
    public string? Reason { get; init; }
}
