using Saga.Api.Commands;
using Saga.Api.Operations;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Update;

namespace Saga.Api.Tenants;

/// <summary>The response to the dry run of an update.</summary>
public sealed record UpdatePlanView
{
    /// <summary>What would change, in words.</summary>
    public required IReadOnlyList<string> Changes { get; init; }

    /// <summary>The steps that would run.</summary>
    public required IReadOnlyList<StepView> Steps { get; init; }

    /// <summary>Why the command would be refused now; absent when it would be accepted.</summary>
    public RefusalView? Refusal { get; init; }

    public static UpdatePlanView Of(CommandPreview preview) => new()
    {
        Changes = (preview.Input as ValidUpdate)?.Change is { } change ? UpdateWords.Of(change) : [],
        Steps = StepView.Of(preview.Workflow!, StepRun.InOrder(preview.Workflow!, [])),
        Refusal = RefusalView.Of(preview.Rejection),
    };
}
