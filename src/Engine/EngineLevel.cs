namespace Saga.Engine;

/// <summary>
/// What an engine understands of workflows. It grows with each version that adds to it. A workflow names the level that it needs
/// (<see cref="Workflows.WorkflowDefinition.EngineLevel"/>); an orchestrator of a lower level puts its operations off.
/// </summary>
/// <param name="Value">From <see cref="First"/>.</param>
public sealed record EngineLevel(int Value)
{
    /// <summary>What every orchestrator understands. Workflows that were stored without a level need this one.</summary>
    public const int First = 1;

    /// <summary>This version's.</summary>
    public static EngineLevel Current { get; } = new(First);
}
