using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Registry.Audit;
using Saga.Registry.Backups;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Backup.Drills;

/// <summary>A drill: the steps of a restore beside, after which the database is dropped. Whatever fails, nothing is left.</summary>
public sealed class DrillBackupPlan(BackupStore backups) : ICommandPlan<DrillBackup, DrillBackup>
{
    public static string Kind => BackupDrillStore.Kind;

    public static string Queue => Endpoints.BackupDrills;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } =
    [
        new WorkflowDefinition
        {
            Kind = BackupDrillStore.Kind,
            Version = 1,
            EngineLevel = EngineLevel.Progress,
            Steps =
            [
                new() { Name = StepNames.BeginDrill, Worker = WorkerNames.Backup },
                Long(StepNames.CheckBackup, StepNames.BeginDrill),
                new() { Name = StepNames.CreateRestored, Worker = WorkerNames.Backup, After = [StepNames.CheckBackup] },
                Long(StepNames.RestoreRows, StepNames.CreateRestored),
                Long(StepNames.VerifyRestored, StepNames.RestoreRows),
                new() { Name = StepNames.EndDrill, Worker = WorkerNames.Backup, After = [StepNames.VerifyRestored] },
            ],
        }.Validated(),
    ];

    public string AuditAction => AuditActions.BackupDrill;

    public async ValueTask<Checked<DrillBackup>> CheckAsync(DrillBackup command, CancellationToken cancellationToken) =>
        await backups.FindAsync(command.BackupId, cancellationToken) is { State: BackupState.Completed } backup && backup.TenantId == command.TenantId
            ? new(command, [])
            : new(null, [new("/backupId", "must be a completed backup of the tenant")]);

    public CommandSubject Subject(DrillBackup input) => new CommandSubject.ExistingTenant(input.TenantId);

    public OperationRejected? Guard(DrillBackup input, Tenant tenant) => TenantGuard.RequireStatus(tenant, TenantStatus.Active);

    public OperationPriority Priority(DrillBackup input) => OperationPriority.Scheduled;

    public WorkflowDefinition Plan(DrillBackup input, Tenant? tenant) => Workflows[0];

    public object AuditDetail(DrillBackup input) => new { backup = input.BackupId };

    // As in a restore.
    private static StepDefinition Long(string name, params IReadOnlyList<string> after) => new()
    {
        Name = name, Worker = WorkerNames.Backup, After = after, StallAfter = TimeSpan.FromMinutes(30), Deadline = TimeSpan.FromHours(2),
    };
}
