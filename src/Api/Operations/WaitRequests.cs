using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Saga.Api.Requests;

namespace Saga.Api.Operations;

/// <summary>Approves or rejects a step that waits.</summary>
public sealed record ApprovalRequest
{
    [Required, StringLength(ReasonRule.MaxLength, MinimumLength = 1), Description("Why; shown in the history and kept in the audit log.")]
    public required string Reason { get; init; }

    [Description("The step, if several wait for an approval.")]
    public string? Step { get; init; }
}

/// <summary>Sends a signal.</summary>
public sealed record SignalRequest
{
    [StringLength(ReasonRule.MaxLength, MinimumLength = 1), Description("Why; shown in the history and kept in the audit log.")]
    public string? Reason { get; init; }

    [Description("Any JSON; part of the step's output, which later steps can read and viewers see. Never a secret.")]
    public JsonElement? Data { get; init; }
}

/// <summary>Ends the wait of a step early.</summary>
public sealed record EndWaitRequest
{
    [Required, StringLength(ReasonRule.MaxLength, MinimumLength = 1), Description("Why; shown in the history and kept in the audit log.")]
    public required string Reason { get; init; }
}
