using Saga.Engine;
using Saga.Engine.Workflows;

namespace Saga.Lifecycle.Backup;

/// <summary>The workflow of a backup by itself. It has no pivot: one that cannot be completed is removed.</summary>
public static class BackupWorkflow
{
    public const string Kind = "backup";

    public static WorkflowDefinition Definition { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        EngineLevel = EngineLevel.Progress,
        Steps = BackupSteps.After(),
    }.Validated();
}
