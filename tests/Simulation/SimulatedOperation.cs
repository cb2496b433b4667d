using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;

namespace Saga.Tests.Simulation;

/// <summary>What the simulation knows of an operation: what was accepted, and what the last commit must have written.</summary>
internal sealed class SimulatedOperation(Guid id, string name, WorkflowDefinition workflow)
{
    public Guid Id { get; } = id;

    public string Name { get; } = name;

    public WorkflowDefinition Workflow { get; } = workflow;

    /// <summary>How long a call of each step that got no answer may still take effect; none for a step that acts in a transaction under its lease.</summary>
    public Dictionary<string, TimeSpan> Lingers { get; } = new(StringComparer.Ordinal);

    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>Whether it has its scopes.</summary>
    public bool HasScopes { get; set; }

    public Guid? ReplayOf { get; init; }

    /// <summary>The batch for which it stands; null when it stands for none.</summary>
    public SimulatedBatch? Batch { get; init; }

    /// <summary>The items of batches that it carries out.</summary>
    public List<SimulatedItem> Items { get; } = [];

    /// <summary>The command that was accepted, however often it was sent.</summary>
    public string? Key { get; init; }

    public Progress Known { get; set; } = new(OperationState.Accepted, StepRun.InOrder(workflow, []), null);

    /// <summary>The history that was written, as <c>event:step</c>.</summary>
    public List<string> History { get; } = [];

    public StepRun this[string step] => Known.Steps.First(s => s.Name == step);

    public StepDefinition Definition(string step) => Workflow.Steps.First(s => s.Name == step);
}
