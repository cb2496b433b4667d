using Saga.Api.Operations;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;

namespace Saga.Api.Commands;

/// <summary>The response to the dry run of a command about a tenant.</summary>
public sealed record CommandPlanView
{
    /// <summary>What would happen, in words.</summary>
    public required IReadOnlyList<string> Changes { get; init; }

    /// <summary>The steps that would run.</summary>
    public required IReadOnlyList<StepView> Steps { get; init; }

    /// <summary>What the operation would wait for; absent when it would start at once.</summary>
    public ScopeWaitView? WaitsFor { get; init; }

    /// <summary>Why the command would be refused now; absent when it would be accepted.</summary>
    public RefusalView? Refusal { get; init; }

    public static CommandPlanView Of(CommandPreview plan) => new()
    {
        Changes = plan.Changes,
        Steps = plan.Workflow is { } workflow ? StepView.Of(workflow, StepRun.InOrder(workflow, [])) : [],
        WaitsFor = plan.WaitsFor is { } holder ? ScopeWaitView.Of(holder) : null,
        Refusal = RefusalView.Of(plan.Rejection),
    };
}
