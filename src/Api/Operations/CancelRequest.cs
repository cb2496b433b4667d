using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Operations;

/// <summary>The body of POST /api/v1/operations/{id}/cancel, for the OpenAPI document.</summary>
public sealed record CancelRequest
{
    [Required, StringLength(500, MinimumLength = 1), Description("Why; shown in the operation's history and in the audit log.")]
    public required string Reason { get; init; }
}
