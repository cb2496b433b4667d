using Saga.Api.Commands;
using Saga.Api.Operations;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Restore;

namespace Saga.Api.Backups;

/// <summary>The response to the dry run of a restore.</summary>
public sealed record RestorePlanView
{
    /// <summary>What would happen, in words.</summary>
    public required IReadOnlyList<string> Changes { get; init; }

    /// <summary>The pause that is predicted; absent unless rows are replaced in shared tables, where it grows with them.</summary>
    public RestorePauseView? Pause { get; init; }

    /// <summary>The steps that would run.</summary>
    public required IReadOnlyList<StepView> Steps { get; init; }

    /// <summary>Why the command would be refused now; absent when it would be accepted.</summary>
    public RefusalView? Refusal { get; init; }

    public static RestorePlanView Of(CommandPreview preview) => new()
    {
        Changes = preview.Rejection is null ? preview.Changes : [],
        Pause = preview is { Input: ValidRestore replacing, Rejection: null } && RestorePause.Of(replacing) is { } pause ? RestorePauseView.Of(pause) : null,
        Steps = StepView.Of(preview.Workflow!, StepRun.InOrder(preview.Workflow!, [])),
        Refusal = RefusalView.Of(preview.Rejection),
    };
}
