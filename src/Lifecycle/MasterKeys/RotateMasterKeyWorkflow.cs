using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Workflows;

namespace Saga.Lifecycle.MasterKeys;

/// <summary>
/// One step that may take long. A key that was wrapped again stays so whatever happens to the others, so there is nothing to undo, and a
/// second rotation to the same key goes on where one that failed has stopped.
/// </summary>
public static class RotateMasterKeyWorkflow
{
    public const string Kind = "rotateMasterKey";

    public static WorkflowDefinition Definition { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        EngineLevel = EngineLevel.Progress,
        Steps = [new() { Name = StepNames.RewrapKeys, Worker = WorkerNames.Configuration, StallAfter = TimeSpan.FromMinutes(2) }],
    }.Validated();
}
