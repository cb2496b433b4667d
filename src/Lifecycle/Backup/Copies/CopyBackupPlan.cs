using Microsoft.Extensions.Options;
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
using Saga.Registry.Backups.OfRegistry;
using Saga.Registry.Intake;
using Saga.Registry.Operations;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Backup.Copies;

/// <summary>A copy of one backup. It has a scope of its own, because it takes long and disturbs nothing: neither the tenant nor another backup waits for it.</summary>
public sealed class CopyBackupPlan(BackupStore backups, RegistryBackupStore ofRegistry, IOptions<BackupCopyOptions> options) : ICommandPlan<CopyBackup, CopyBackup>
{
    public static string Kind => BackupCopyStore.Kind;

    public static string Queue => Endpoints.BackupCopies;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } =
    [
        new WorkflowDefinition
        {
            Kind = BackupCopyStore.Kind,
            Version = 1,
            EngineLevel = EngineLevel.Progress,
            Steps = [new() { Name = StepNames.CopyBackup, Worker = WorkerNames.Backup, StallAfter = TimeSpan.FromMinutes(10), Deadline = TimeSpan.FromHours(1) }],
        }.Validated(),
    ];

    public string AuditAction => AuditActions.BackupCopy;

    public async ValueTask<Checked<CopyBackup>> CheckAsync(CopyBackup command, CancellationToken cancellationToken)
    {
        if (!options.Value.IsOn)
            return Refused($"cannot be copied: set {BackupCopyOptions.Section}:Bucket, or :Folder, in every process");
        var isComplete = await backups.FindAsync(command.BackupId, cancellationToken) is { State: BackupState.Completed }
            || await ofRegistry.FindAsync(command.BackupId, cancellationToken) is { State: BackupState.Completed };
        return isComplete ? new(command, []) : Refused("must be a completed backup");
    }

    public CommandSubject Subject(CopyBackup input) => new CommandSubject.NoTenant();

    public IReadOnlyCollection<string> Scopes(CopyBackup input, BegunOperation operation) => [OperationScopes.BackupCopy(input.BackupId)];

    public OperationPriority Priority(CopyBackup input) => OperationPriority.Scheduled;

    public WorkflowDefinition Plan(CopyBackup input, Tenant? tenant) => Workflows[0];

    public object AuditDetail(CopyBackup input) => new { backup = input.BackupId };

    private static Checked<CopyBackup> Refused(string rule) => new(null, [new("/backupId", rule)]);
}
