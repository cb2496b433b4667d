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

    /// <summary>
    /// Into a database of its own, and from there to a new place, to which the tenant is routed. Only the last part is a pause, and its length
    /// does not depend on the rows.
    /// </summary>
    public static WorkflowDefinition Replace { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        EngineLevel = EngineLevel.Progress,
        Steps =
        [
            Long(StepNames.CheckBackup),
            // Before the long work, so that a server without room is found out first.
            new() { Name = StepNames.ReserveMove, Worker = WorkerNames.Database, After = [StepNames.CheckBackup] },
            new() { Name = StepNames.CreateRestored, Worker = WorkerNames.Backup, After = [StepNames.ReserveMove] },
            Long(StepNames.RestoreRows, StepNames.CreateRestored),
            Long(StepNames.VerifyRestored, StepNames.RestoreRows),
            new() { Name = StepNames.CreateMove, Worker = WorkerNames.Database, After = [StepNames.VerifyRestored], Needs = [StepNames.ReserveMove] },
            Filling(StepNames.FillReplacement, StepNames.CreateMove),
            Filling(StepNames.CheckReplacement, StepNames.FillReplacement),
            new() { Name = StepNames.TakeAwayReplaced, Worker = WorkerNames.Database, After = [StepNames.CheckReplacement] },
            new() { Name = StepNames.Switch, Worker = WorkerNames.Database, Kind = StepKind.Pivot, After = [StepNames.TakeAwayReplaced], Needs = [StepNames.ReserveMove] },
            new() { Name = StepNames.OpenReplacement, Worker = WorkerNames.Database, Kind = StepKind.Retriable, After = [StepNames.Switch], Needs = [StepNames.ReserveMove] },
            new() { Name = StepNames.DropRestored, Worker = WorkerNames.Backup, Kind = StepKind.Retriable, After = [StepNames.OpenReplacement] },
        ],
    }.Validated();

    private static StepDefinition Filling(string name, string after) => new()
    {
        Name = name, Worker = WorkerNames.Database, After = [after], Needs = [StepNames.ReserveMove, StepNames.VerifyRestored],
        AttemptTimeout = TimeSpan.FromHours(6), StallAfter = TimeSpan.FromMinutes(30), Deadline = TimeSpan.FromHours(12),
    };

    // A statement that builds an index makes no progress that could be seen.
    private static StepDefinition Long(string name, params IReadOnlyList<string> after) => new()
    {
        Name = name, Worker = WorkerNames.Backup, After = after, StallAfter = TimeSpan.FromMinutes(30), Deadline = TimeSpan.FromHours(2),
    };
}
