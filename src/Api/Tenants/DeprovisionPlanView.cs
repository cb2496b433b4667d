using Saga.Api.Commands;
using Saga.Api.Operations;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Deprovision;
using Saga.Lifecycle.Intake;

namespace Saga.Api.Tenants;

/// <summary>The response to the dry run of a deprovisioning.</summary>
public sealed record DeprovisionPlanView
{
    /// <summary>The grace period that it would have; absent when the command breaks rules.</summary>
    public int? GraceDays { get; init; }

    /// <summary>Whether a final backup would be made.</summary>
    public bool? Backup { get; init; }

    /// <summary>What would happen, in words.</summary>
    public required IReadOnlyList<string> Changes { get; init; }

    /// <summary>The steps that would close the tenant at once.</summary>
    public required IReadOnlyList<StepView> Steps { get; init; }

    /// <summary>The steps of the removal, after the grace period.</summary>
    public required IReadOnlyList<StepView> RemovalSteps { get; init; }

    /// <summary>What the operation would wait for; absent when it would start at once.</summary>
    public ScopeWaitView? WaitsFor { get; init; }

    /// <summary>Why the command would be refused now; absent when it would be accepted.</summary>
    public RefusalView? Refusal { get; init; }

    public static DeprovisionPlanView Of(CommandPreview preview)
    {
        var input = preview.Input as ValidDeprovision;
        return new()
        {
            GraceDays = input?.GraceDays,
            Backup = input?.Backup,
            Changes = preview.Changes,
            Steps = Of(preview.Workflow!),
            RemovalSteps = Of(RemoveWorkflow.For(input?.Backup ?? true)),
            WaitsFor = preview.WaitsFor is { } holder ? ScopeWaitView.Of(holder) : null,
            Refusal = RefusalView.Of(preview.Rejection),
        };
    }

    private static IReadOnlyList<StepView> Of(WorkflowDefinition workflow) => StepView.Of(workflow, StepRun.InOrder(workflow, []));
}
