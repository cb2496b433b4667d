namespace Saga.Engine;

/// <summary>
/// The set of workflow features that an engine supports. It grows with each version that adds features. A workflow names the level that
/// it needs (<see cref="Workflows.WorkflowDefinition.EngineLevel"/>). An orchestrator with a lower level postpones its operations.
/// </summary>
/// <param name="Value">Starts at <see cref="First"/>.</param>
public sealed record EngineLevel(int Value)
{
    /// <summary>The level that every orchestrator supports. Workflows that were stored without a level need this one.</summary>
    public const int First = 1;

    /// <summary>The level of workflows with steps that wait.</summary>
    public const int Waits = 2;

    /// <summary>The level of workflows with steps whose attempts end when they make no progress.</summary>
    public const int Progress = 3;

    /// <summary>This version's level.</summary>
    public static EngineLevel Current { get; } = new(Progress);
}
