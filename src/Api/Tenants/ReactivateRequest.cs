using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Tenants;

/// <summary>The body of POST /api/v1/tenants/{idOrSlug}/reactivate, for the OpenAPI document.</summary>
public sealed record ReactivateRequest
{
    [MinLength(1), Description("The codes to lift: nonPayment, abuse, request, maintenance, limitExceeded, other. All of them that stand when absent.")]
    public IReadOnlyList<string>? Codes { get; init; }

    [StringLength(500, MinimumLength = 1), Description("Why; shown in the audit log.")]
    public string? Reason { get; init; }
}
