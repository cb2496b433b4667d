using System.Text.Json;
using Saga.Api.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Engine.Replays;
using Saga.Lifecycle.FourEyes;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Replay;

namespace Saga.Api.Operations;

/// <summary>The response to the dry run of a replay.</summary>
public sealed record ReplayPlanView
{
    /// <summary>The operation's version; absent when there is no such operation.</summary>
    public long? Version { get; init; }

    /// <summary>Whether the operation would go forward or be undone; absent when the order would be refused.</summary>
    public string? Direction { get; init; }

    /// <summary>In the mode forceComplete: the tenant's status that follows.</summary>
    public TenantStatus? TenantStatus { get; init; }

    /// <summary>What would happen to each step; empty when the order would be refused.</summary>
    public required IReadOnlyList<ReplayedStep> Steps { get; init; }

    /// <summary>True when the operation has ended, so that its command would run again, as a new operation.</summary>
    public bool? RunsCommand { get; init; }

    /// <summary>That command, without a value that is stored encrypted.</summary>
    public JsonElement? Command { get; init; }

    /// <summary>What to know before.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>The digest of this plan: an order that names it does exactly this, or is refused. Absent when the order would be refused.</summary>
    public string? Plan { get; init; }

    /// <summary>Why the order would be refused now; absent when it would be accepted.</summary>
    public RefusalView? Refusal { get; init; }

    public static ReplayPlanView Of(CommandPreview preview)
    {
        var replay = preview.Input as ReplayPreview ?? new ReplayPreview(0, null, ContinuesRemoval: false);
        var plan = replay.Plan;
        return new()
        {
            Version = preview.Input is null ? null : replay.Version,
            Direction = plan is null ? null : plan.Direction == Engine.Operations.Direction.Forward ? "forward" : "back",
            TenantStatus = plan?.Follows,
            Steps = plan?.Steps ?? replay.Steps,
            RunsCommand = replay.RunsCommand ? true : null,
            Command = replay.Command,
            Warnings = [.. plan?.Warnings ?? [], .. replay.NeedsApproval ? (string[])[FourEyesRules.Words] : []],
            Plan = plan?.Digest,
            Refusal = RefusalView.Of(preview.Rejection),
        };
    }
}
