namespace Saga.Engine.Workflows.Custom;

/// <summary>Why a custom step does not fit into a workflow.</summary>
/// <param name="Step">The step.</param>
/// <param name="Field">The field that is wrong, such as <c>after</c>.</param>
/// <param name="Reason">For people: what is wrong, and how to put it right.</param>
public sealed record CustomStepProblem(string Step, string Field, string Reason);

/// <summary>A workflow with the custom steps that take part in it.</summary>
/// <param name="Workflow">The workflow; without them when there is a problem.</param>
/// <param name="TakingPart">The names of the custom steps that take part.</param>
/// <param name="Problem">The first problem; null when there is none.</param>
public sealed record CustomizedWorkflow(WorkflowDefinition Workflow, IReadOnlyList<string> TakingPart, CustomStepProblem? Problem);
