using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Backup;

namespace Saga.Lifecycle.Upgrades;

/// <summary>The workflows that bring the product's tables of one place to a version.</summary>
public static class UpgradeWorkflow
{
    public const string Kind = "upgrade";

    public static WorkflowDefinition Definition { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        EngineLevel = EngineLevel.Progress,
        Steps = [Upgrade()],
    }.Validated();

    /// <summary>The same after a backup of the tenant. If the tables cannot be migrated, nothing has changed, and the backup is removed.</summary>
    public static WorkflowDefinition AfterBackup { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        EngineLevel = EngineLevel.Progress,
        Steps = [.. BackupSteps.After(), Upgrade(BackupSteps.Last)],
    }.Validated();

    // A migration that rewrites a table makes no progress that could be seen. The deadline is also how long it waits for locks and for other
    // operations that need shared tables as they are.
    private static StepDefinition Upgrade(params IReadOnlyList<string> after) => new()
    {
        Name = StepNames.MigratePlace, Worker = WorkerNames.Database, Kind = StepKind.Pivot, After = after,
        AttemptTimeout = TimeSpan.FromHours(6), StallAfter = TimeSpan.FromHours(6), Deadline = TimeSpan.FromHours(12),
    };
}
