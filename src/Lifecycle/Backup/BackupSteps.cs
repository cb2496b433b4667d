using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Workflows;

namespace Saga.Lifecycle.Backup;

/// <summary>
/// The steps of a backup, which other workflows may include. They need the engine level <see cref="EngineLevel.Progress"/>. Every step is
/// compensatable: until the workflow's pivot, whatever undoes the operation removes the backup too, and raises the alert of a failed one.
/// A backup inside another command contains the contents of objects, unless the command's member <c>includeObjects</c> says otherwise.
/// </summary>
public static class BackupSteps
{
    /// <summary>When it has succeeded, the backup is complete and its checksums were read back. A pivot that relies on the backup comes after it.</summary>
    public const string Last = StepNames.CompleteBackup;

    /// <summary>The steps, for a workflow in which they come after the given ones.</summary>
    public static IReadOnlyList<StepDefinition> After(params IReadOnlyList<string> steps) =>
    [
        new() { Name = StepNames.BeginBackup, Worker = WorkerNames.Backup, After = steps },
        Long(StepNames.BackupRows, StepNames.BeginBackup),
        new() { Name = StepNames.BackupSettings, Worker = WorkerNames.Backup, After = [StepNames.BeginBackup] },
        Long(StepNames.BackupObjects, StepNames.BeginBackup),
        Long(Last, StepNames.BackupRows, StepNames.BackupSettings, StepNames.BackupObjects),
    ];

    // A backup of many gigabytes takes hours. Ten minutes without a byte mean that it hangs.
    private static StepDefinition Long(string name, params IReadOnlyList<string> after) => new()
    {
        Name = name,
        Worker = WorkerNames.Backup,
        After = after,
        StallAfter = TimeSpan.FromMinutes(10),
        Deadline = TimeSpan.FromHours(1),
    };
}
