using System.Runtime.CompilerServices;
using Saga.Contracts.Commands;
using Saga.Engine.Workflows;
using Saga.Engine.Workflows.Custom;
using Saga.Lifecycle.Intake;
using Saga.Registry.CustomSteps;

namespace Saga.Lifecycle.CustomSteps;

/// <summary>The workflows with one version of the custom steps. Thread-safe.</summary>
public sealed class CustomizedWorkflows(CustomStepSet set)
{
    // The same workflow is the same object each time, so that it is prepared for the registry once.
    private readonly ConditionalWeakTable<WorkflowDefinition, CustomizedWorkflow> applied = [];
    private readonly ConditionalWeakTable<WorkflowDefinition, CustomizedWorkflow>.CreateValueCallback apply = workflow => CustomPlanning.Apply(workflow, set.Steps, set.Version);

    public CustomStepSet Set { get; } = set;

    /// <summary>Adds the custom steps of the workflow's kind.</summary>
    /// <param name="workflow">A workflow of the product.</param>
    /// <param name="variants">Every workflow of its kind.</param>
    /// <returns>
    /// The workflow, and why a command must not run it: the list was checked against another version of the product, and leaving a step out
    /// could leave out what a team relies on.
    /// </returns>
    public (WorkflowDefinition Workflow, OperationRejected? Rejection) Apply(WorkflowDefinition workflow, IReadOnlyList<WorkflowDefinition> variants)
    {
        if (Set.Steps.All(s => s.Workflow != workflow.Kind))
            return (workflow, null);
        var whole = applied.GetValue(workflow, apply);
        var problem = whole.Problem ?? FindUnplacedStep(workflow.Kind, [workflow, .. variants]);
        return (whole.Workflow, problem is null ? null : new()
        {
            Code = RejectionCodes.CustomStepsInvalid,
            Detail = $"Version {Set.Version} of the custom steps does not fit the workflow '{workflow.Kind}': {problem.Reason}. Correct the list with PUT /api/v1/custom-steps.",
        });
    }

    private CustomStepProblem? FindUnplacedStep(string kind, IReadOnlyList<WorkflowDefinition> variants)
    {
        var part = variants.SelectMany(v => applied.GetValue(v, apply).TakingPart).ToHashSet(StringComparer.Ordinal);
        return Set.Steps.FirstOrDefault(s => s.Workflow == kind && !part.Contains(s.Name)) is not { } stranger ? null
            : new(stranger.Name, "after", $"no workflow of this kind has every step that '{stranger.Name}' names");
    }
}
