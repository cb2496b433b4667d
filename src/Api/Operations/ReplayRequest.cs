using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Saga.Contracts.Commands;

namespace Saga.Api.Operations;

/// <summary>The body of POST /api/v1/operations/{id}/replay, for the OpenAPI document.</summary>
public sealed record ReplayRequest
{
    [Required, StringLength(500, MinimumLength = 1), Description("Why; shown in the operation's history and in the audit log.")]
    public required string Reason { get; init; }

    [Description("forward: run what failed and what comes after it. compensate: undo the whole operation. forceComplete: end the operation as it stalled, by what states says is there. Without it, the operation goes on as it stalled.")]
    public ReplayMode? Mode { get; init; }

    [Description("A step that runs again although it is done, with everything that comes after it; while the operation is undone, with everything that it came after.")]
    public string? From { get; init; }

    [Description("Steps that do not run; while the operation is undone, steps that are not undone.")]
    public IReadOnlyList<SkippedStepRequest>? Skip { get; init; }

    [Description("In the mode forceComplete: done or absent for each open step. Outputs that other steps read are given in skip.")]
    public IReadOnlyDictionary<string, StatedEffect>? States { get; init; }

    [Description("Of an operation that was compensated or cancelled: what is different in its command, a JSON merge patch (RFC 7396). Needed for values that are stored encrypted.")]
    public JsonElement? Input { get; init; }

    [Description("The version that the order is based on: refused with 409 if the operation has another.")]
    public long? ExpectedVersion { get; init; }

    [StringLength(64, MinimumLength = 64), Description("The digest of a dry run's plan: refused with 409 unless exactly that would happen.")]
    public string? Plan { get; init; }
}

/// <summary>A step to skip.</summary>
public sealed record SkippedStepRequest
{
    [Required]
    public required string Step { get; init; }

    [Required, StringLength(500, MinimumLength = 1)]
    public required string Reason { get; init; }

    [Description("What the step would have returned: a JSON object, needed when other steps read it. Never a secret.")]
    public JsonElement? Output { get; init; }
}
