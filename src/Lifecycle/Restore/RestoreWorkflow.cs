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
            Filling(StepNames.FillReplacement, StepNames.CreateMove, StepNames.ReserveMove, StepNames.VerifyRestored),
            Filling(StepNames.CheckReplacement, StepNames.FillReplacement, StepNames.ReserveMove, StepNames.VerifyRestored),
            new() { Name = StepNames.TakeAwayReplaced, Worker = WorkerNames.Database, After = [StepNames.CheckReplacement] },
            new() { Name = StepNames.Switch, Worker = WorkerNames.Database, Kind = StepKind.Pivot, After = [StepNames.TakeAwayReplaced], Needs = [StepNames.ReserveMove] },
            new() { Name = StepNames.OpenReplacement, Worker = WorkerNames.Database, Kind = StepKind.Retriable, After = [StepNames.Switch], Needs = [StepNames.ReserveMove] },
            new() { Name = StepNames.DropRestored, Worker = WorkerNames.Backup, Kind = StepKind.Retriable, After = [StepNames.OpenReplacement] },
        ],
    }.Validated();

    /// <summary>
    /// The same in shared tables, where a tenant's rows have one place only: what is there is copied to a schema, which is kept, and then replaced. That is a
    /// pause that grows with the rows.
    /// </summary>
    public static WorkflowDefinition ReplaceShared { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        EngineLevel = EngineLevel.Progress,
        Steps =
        [
            Long(StepNames.CheckBackup),
            new() { Name = StepNames.ReserveKept, Worker = WorkerNames.Database, After = [StepNames.CheckBackup] },
            new() { Name = StepNames.CreateRestored, Worker = WorkerNames.Backup, After = [StepNames.ReserveKept] },
            Long(StepNames.RestoreRows, StepNames.CreateRestored),
            Long(StepNames.VerifyRestored, StepNames.RestoreRows),
            Filling(StepNames.CreateKept, StepNames.VerifyRestored, StepNames.ReserveKept, StepNames.VerifyRestored),
            new() { Name = StepNames.LockReplaced, Worker = WorkerNames.Database, After = [StepNames.CreateKept] },
            Filling(StepNames.FillKept, StepNames.LockReplaced, StepNames.ReserveKept),
            new() { Name = StepNames.TakeAwayReplaced, Worker = WorkerNames.Database, After = [StepNames.FillKept] },
            Filling(StepNames.ReplaceRows, StepNames.TakeAwayReplaced, StepNames.ReserveKept, StepNames.VerifyRestored, StepNames.FillKept),
            new() { Name = StepNames.KeepReplaced, Worker = WorkerNames.Database, Kind = StepKind.Pivot, After = [StepNames.ReplaceRows], Needs = [StepNames.ReserveKept] },
            new() { Name = StepNames.OpenReplaced, Worker = WorkerNames.Database, Kind = StepKind.Retriable, After = [StepNames.KeepReplaced], Needs = [StepNames.ReserveKept] },
            new() { Name = StepNames.DropRestored, Worker = WorkerNames.Backup, Kind = StepKind.Retriable, After = [StepNames.OpenReplaced] },
        ],
    }.Validated();

    /// <summary>
    /// Of a deprovisioned tenant, under its id: what a provisioning makes, with rows and objects from the backup. Until it is active it can become the
    /// tombstone again that it was.
    /// </summary>
    public static WorkflowDefinition Revive { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        EngineLevel = EngineLevel.Progress,
        Steps =
        [
            Long(StepNames.CheckBackup),
            new() { Name = StepNames.Revive, Worker = WorkerNames.Backup, After = [StepNames.CheckBackup] },
            new() { Name = StepNames.ReserveRevived, Worker = WorkerNames.Reservation, After = [StepNames.Revive] },
            new() { Name = StepNames.Identity, Worker = WorkerNames.Identity, After = [StepNames.ReserveRevived] },
            new() { Name = StepNames.Database, Worker = WorkerNames.Database, After = [StepNames.ReserveRevived] },
            new() { Name = StepNames.Storage, Worker = WorkerNames.Storage, After = [StepNames.ReserveRevived] },
            new() { Name = StepNames.Cache, Worker = WorkerNames.Cache, After = [StepNames.ReserveRevived] },
            new() { Name = StepNames.Configuration, Worker = WorkerNames.Configuration, After = [StepNames.ReserveRevived] },
            new() { Name = StepNames.CreateRestored, Worker = WorkerNames.Backup, After = [StepNames.ReserveRevived] },
            new() { Name = StepNames.Migrate, Worker = WorkerNames.Database, After = [StepNames.Database] },
            Long(StepNames.RestoreRows, StepNames.CreateRestored),
            Long(StepNames.VerifyRestored, StepNames.RestoreRows),
            Filling(StepNames.FillRevived, StepNames.VerifyRestored, StepNames.VerifyRestored) with { After = [StepNames.Migrate, StepNames.VerifyRestored] },
            Long(StepNames.RestoreObjects, StepNames.Storage),
            new() { Name = StepNames.Administrator, Worker = WorkerNames.Identity, After = [StepNames.Identity], Needs = [StepNames.Identity] },
            new()
            {
                Name = StepNames.Verify,
                Worker = WorkerNames.Verification,
                After = [StepNames.FillRevived, StepNames.RestoreObjects, StepNames.Cache, StepNames.Configuration, StepNames.Administrator],
            },
            new() { Name = StepNames.Activate, Worker = WorkerNames.Reservation, Kind = StepKind.Pivot, After = [StepNames.Verify] },
            new() { Name = StepNames.EndRevival, Worker = WorkerNames.Backup, Kind = StepKind.Retriable, After = [StepNames.Activate] },
            new() { Name = StepNames.DropRestored, Worker = WorkerNames.Backup, Kind = StepKind.Retriable, After = [StepNames.EndRevival] },
            new() { Name = StepNames.Notify, Worker = WorkerNames.Notification, Kind = StepKind.Retriable, After = [StepNames.Activate], Needs = [StepNames.Administrator] },
        ],
    }.Validated();

    private static StepDefinition Filling(string name, string after, params IReadOnlyList<string> needs) => new()
    {
        Name = name, Worker = WorkerNames.Database, After = [after], Needs = needs,
        AttemptTimeout = TimeSpan.FromHours(6), StallAfter = TimeSpan.FromMinutes(30), Deadline = TimeSpan.FromHours(12),
    };

    // A statement that builds an index makes no progress that could be seen.
    private static StepDefinition Long(string name, params IReadOnlyList<string> after) => new()
    {
        Name = name, Worker = WorkerNames.Backup, After = after, StallAfter = TimeSpan.FromMinutes(30), Deadline = TimeSpan.FromHours(2),
    };
}
