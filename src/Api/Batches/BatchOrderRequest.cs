using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Batches;

/// <summary>The body of an order for a batch.</summary>
public sealed record BatchOrderRequest
{
    [Required, StringLength(500, MinimumLength = 1), Description("Why; kept in the audit log.")]
    public required string Reason { get; init; }
}
