using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Workflows;

namespace Saga.Lifecycle.Restore;

/// <summary>The workflow of a restore. Until its last step has run, everything about it can be removed.</summary>
public static class RestoreWorkflow
{
    public const string Kind = "restore";

    /// <summary>Into a database of its own.</summary>
    public static WorkflowDefinition Beside { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        EngineLevel = EngineLevel.Progress,
        Steps =
        [
            // Nothing is written before every file was read and found unchanged.
            Long(StepNames.CheckBackup),
            new() { Name = StepNames.CreateRestored, Worker = WorkerNames.Backup, After = [StepNames.CheckBackup] },
            Long(StepNames.RestoreRows, StepNames.CreateRestored),
            Long(StepNames.VerifyRestored, StepNames.RestoreRows),
            new() { Name = StepNames.AnnounceRestored, Worker = WorkerNames.Backup, Kind = StepKind.Pivot, After = [StepNames.VerifyRestored] },
        ],
    }.Validated();

    // A statement that builds an index makes no progress that could be seen.
    private static StepDefinition Long(string name, params IReadOnlyList<string> after) => new()
    {
        Name = name, Worker = WorkerNames.Backup, After = after, StallAfter = TimeSpan.FromMinutes(30), Deadline = TimeSpan.FromHours(2),
    };
}
