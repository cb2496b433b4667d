using Saga.Engine.Workflows;

namespace Saga.Tests.Support.World;

/// <summary>How the end-to-end tests cover a workflow.</summary>
/// <param name="Workflow">A workflow of the catalogue.</param>
/// <param name="Class">The class that kills a process at its boundaries; null when others stand for it.</param>
public sealed record WorkflowCoverage(WorkflowDefinition Workflow, string? Class)
{
    /// <summary>
    /// The reason why the workflow has no class: each of its steps is one of these workflows, which have one. A process is killed at that step there.
    /// </summary>
    public IReadOnlyList<WorkflowDefinition> StepsOf { get; init; } = [];
}
