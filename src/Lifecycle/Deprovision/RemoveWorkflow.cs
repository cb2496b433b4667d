using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Backup;

namespace Saga.Lifecycle.Deprovision;

/// <summary>
/// Removes everything of a tenant whose grace period is over. The pivot makes the removal final. What is outside is removed in parallel, and
/// each step sees that nothing is left. The key goes last, with the tombstone and the certificate.
/// </summary>
public static class RemoveWorkflow
{
    public const string Kind = "remove";

    // Much data takes long. A step goes on as long as it makes progress.
    private static readonly TimeSpan StallAfter = TimeSpan.FromMinutes(15);

    /// <summary>Without a final backup.</summary>
    public static WorkflowDefinition Removal { get; } = Of([]);

    /// <summary>With a final backup. The removal becomes final only when it is complete and was read back; until then everything is undone.</summary>
    public static WorkflowDefinition RemovalAfterBackup { get; } = Of(BackupSteps.After(), BackupSteps.Last);

    /// <summary>The one for a deprovisioning.</summary>
    /// <param name="backup">Whether a final backup is made.</param>
    public static WorkflowDefinition For(bool backup) => backup ? RemovalAfterBackup : Removal;

    private static WorkflowDefinition Of(IReadOnlyList<StepDefinition> before, params IReadOnlyList<string> last) => new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        EngineLevel = EngineLevel.Progress,
        Forced = new()
        {
            Completed = TenantStatus.Deprovisioned, Statable = [StepNames.RemoveOrganization, StepNames.RemoveDatabase, StepNames.RemoveStorage, StepNames.RemoveCache],
        },
        Steps =
        [
            .. before,
            new() { Name = StepNames.BeginRemoval, Worker = WorkerNames.Reservation, Kind = StepKind.Pivot, After = last },
            Remove(StepNames.RemoveOrganization, WorkerNames.Identity),
            Remove(StepNames.RemoveDatabase, WorkerNames.Database),
            Remove(StepNames.RemoveStorage, WorkerNames.Storage),
            Remove(StepNames.RemoveCache, WorkerNames.Cache),
            new()
            {
                Name = StepNames.Certify,
                Worker = WorkerNames.Reservation,
                Kind = StepKind.Retriable,
                After = [StepNames.RemoveOrganization, StepNames.RemoveDatabase, StepNames.RemoveStorage, StepNames.RemoveCache],
                Needs = [StepNames.RemoveOrganization, StepNames.RemoveDatabase, StepNames.RemoveStorage, StepNames.RemoveCache],
            },
        ],
    }.Validated();

    private static StepDefinition Remove(string name, string worker) => new()
    {
        Name = name,
        Worker = worker,
        Kind = StepKind.Retriable,
        After = [StepNames.BeginRemoval],
        MaxAttempts = 10,
        StallAfter = StallAfter,
        Deadline = TimeSpan.FromHours(6),
    };
}
