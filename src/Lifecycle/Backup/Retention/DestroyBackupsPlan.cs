using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Deletion;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Schedule;
using Saga.Registry.Audit;
using Saga.Registry.Backups;
using Saga.Registry.Deprovisionings;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Backup.Retention;

/// <summary>
/// The end of the backups of a tenant that is gone: all of them are removed, then the backup key is destroyed. It only goes forward, and stalls
/// rather than leave a key that the deletion certificate says is destroyed.
/// </summary>
public sealed class DestroyBackupsPlan(CertificateStore certificates) : ICommandPlan<DestroyBackups, DestroyBackups>
{
    public static string Kind => BackupDestruction.Kind;

    public static string Queue => Endpoints.BackupDestructions;

    public static bool Removes => true;

    public static CommandScheduling? Scheduling { get; } = new(Only: true);

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } =
    [
        new WorkflowDefinition
        {
            Kind = BackupDestruction.Kind,
            Version = 1,
            EngineLevel = EngineLevel.Progress,
            ForwardOnly = true,
            Steps =
            [
                new()
                {
                    Name = StepNames.ExpireBackups, Worker = WorkerNames.Backup, Kind = StepKind.Retriable, MaxAttempts = 10, StallAfter = TimeSpan.FromMinutes(10), Deadline = TimeSpan.FromHours(6),
                },
                new() { Name = StepNames.DestroyBackupKeys, Worker = WorkerNames.Backup, Kind = StepKind.Retriable, After = [StepNames.ExpireBackups] },
            ],
        }.Validated(),
    ];

    public string AuditAction => AuditActions.BackupsDestroy;

    public async ValueTask<Checked<DestroyBackups>> CheckAsync(DestroyBackups command, CancellationToken cancellationToken) =>
        await certificates.FindAsync(command.TenantId, cancellationToken) is { } stored
        && JsonSerializer.Deserialize<DeletionCertificate>(stored.Document, Json.Options)!.OperationId == command.Removal
            ? new(command, [])
            : new(null, [new("/removal", "must be the operation that removed the tenant last")]);

    public CommandSubject Subject(DestroyBackups input) => new CommandSubject.ExistingTenant(input.TenantId);

    // One that was restored needs its backups. While it is being restored the command waits for that operation, and its steps look at the outcome:
    // a refusal now would leave the backups of a tenant whose restore is undone.
    public OperationRejected? Guard(DestroyBackups input, Tenant tenant) => TenantGuard.RequireStatus(tenant, TenantStatus.Deprovisioned, TenantStatus.Provisioning);

    public OperationPriority Priority(DestroyBackups input) => OperationPriority.Scheduled;

    public WorkflowDefinition Plan(DestroyBackups input, Tenant? tenant) => Workflows[0];

    public object AuditDetail(DestroyBackups input) => new { removal = input.Removal };
}
