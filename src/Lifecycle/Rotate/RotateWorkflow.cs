using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;

namespace Saga.Lifecycle.Rotate;

/// <summary>
/// Two logins in turn: the new one is made and tried, then runtimes see it, and the former one is barred when they have had time to change
/// over. Showing it is the pivot, because runtimes may use it from then on.
/// </summary>
public static class RotateWorkflow
{
    public const string Kind = "rotateCredentials";

    /// <summary>Waits until runtimes have changed over. An operator may end it early.</summary>
    public const string Drain = "credentials.drain";

    /// <summary>The workflow for what is rotated. The tenant's key has no step of its own, because it changes in the transaction of the switch.</summary>
    public static WorkflowDefinition Of(bool database, bool cache, bool backupKey) => All[(database ? 0 : 2) + (cache ? 0 : 1) + (backupKey ? 4 : 0)];

    /// <summary>Database and cache, only one of them, or neither; then each of these with the backup key.</summary>
    public static IReadOnlyList<WorkflowDefinition> All { get; } =
    [
        Define(true, true, false), Define(true, false, false), Define(false, true, false), Define(false, false, false),
        Define(true, true, true), Define(true, false, true), Define(false, true, true), Define(false, false, true),
    ];

    /// <summary>The one of every login.</summary>
    public static WorkflowDefinition Logins => Of(database: true, cache: true, backupKey: false);

    /// <summary>The one of the backup key alone.</summary>
    public static WorkflowDefinition BackupKey => Of(database: false, cache: false, backupKey: true);

    private static WorkflowDefinition Define(bool database, bool cache, bool backupKey)
    {
        var steps = new List<StepDefinition>();
        if (database)
            steps.Add(new() { Name = StepNames.AddLogin, Worker = WorkerNames.Database });
        if (cache)
            steps.Add(new() { Name = StepNames.AddCacheUser, Worker = WorkerNames.Cache });
        // Before the pivot, because a backup that it cannot open must not leave a rotation half done.
        if (backupKey)
            steps.Add(new() { Name = StepNames.RotateBackupKey, Worker = WorkerNames.Backup });
        steps.Add(new() { Name = StepNames.SwitchCredentials, Worker = WorkerNames.Configuration, Kind = StepKind.Pivot, After = [.. steps.Select(s => s.Name)] });
        if (database || cache)
        {
            steps.Add(new()
            {
                Name = Drain,
                Kind = StepKind.Retriable,
                Wait = new() { For = WaitKind.Time, UntilOutputOf = StepNames.SwitchCredentials },
                After = [StepNames.SwitchCredentials],
            });
        }

        if (database)
            steps.Add(new() { Name = StepNames.RetireLogin, Worker = WorkerNames.Database, Kind = StepKind.Retriable, After = [Drain] });
        if (cache)
            steps.Add(new() { Name = StepNames.RetireCacheUser, Worker = WorkerNames.Cache, Kind = StepKind.Retriable, After = [Drain] });
        return new WorkflowDefinition
        {
            Kind = Kind,
            Version = 1,
            EngineLevel = database || cache ? EngineLevel.Waits : EngineLevel.First,
            Steps = steps,
        }.Validated();
    }
}
