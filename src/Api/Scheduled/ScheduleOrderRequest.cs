using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Scheduled;

/// <summary>The body of an order for a scheduled command.</summary>
public sealed record ScheduleOrderRequest
{
    [Required, StringLength(500, MinimumLength = 1), Description("Why; kept in the audit log.")]
    public required string Reason { get; init; }
}
