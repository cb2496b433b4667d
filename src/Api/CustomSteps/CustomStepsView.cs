using Saga.Api.Operations;
using Saga.Contracts.CustomSteps;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Registry.CustomSteps;

namespace Saga.Api.CustomSteps;

/// <summary>One version of the list of custom steps.</summary>
public sealed record CustomStepsView
{
    /// <summary>0 before the first list.</summary>
    public required int Version { get; init; }

    public required IReadOnlyList<CustomStep> Steps { get; init; }

    /// <summary>The workflows that have custom steps, as new operations of this version would run them.</summary>
    public required IReadOnlyList<CustomizedWorkflowView> Workflows { get; init; }

    /// <summary>Who put the list; absent for version 0 and in a dry run.</summary>
    public string? SetBy { get; init; }

    public string? Reason { get; init; }

    public DateTimeOffset? SetAt { get; init; }

    public static CustomStepsView Of(CustomStepSet set, IReadOnlyList<WorkflowDefinition> workflows) => new()
    {
        Version = set.Version,
        Steps = set.Steps,
        Workflows = [.. workflows.Select(CustomizedWorkflowView.Of)],
        SetBy = set.SetBy.Length == 0 ? null : set.SetBy,
        Reason = set.Reason,
        SetAt = set.SetAt == default ? null : set.SetAt,
    };
}

/// <summary>A workflow with its custom steps.</summary>
public sealed record CustomizedWorkflowView
{
    /// <summary>Such as <c>provision</c>. A kind may have several workflows.</summary>
    public required string Kind { get; init; }

    public required IReadOnlyList<StepView> Steps { get; init; }

    public static CustomizedWorkflowView Of(WorkflowDefinition workflow) => new() { Kind = workflow.Kind, Steps = StepView.Of(workflow, StepRun.InOrder(workflow, [])) };
}
