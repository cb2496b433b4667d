using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Registry.Audit;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Backup.Retention;

/// <summary>
/// The removal of backups whose time is over. Nothing of it can be undone, and nothing need be: what a failed one has left is removed by the next
/// one, so a failure must not keep the tenant's scope.
/// </summary>
public sealed class ExpireBackupsPlan : ICommandPlan<ExpireBackups, ExpireBackups>
{
    public static string Kind => "expireBackups";

    public static string Queue => Endpoints.BackupExpiries;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } =
    [
        new WorkflowDefinition
        {
            Kind = "expireBackups",
            Version = 1,
            EngineLevel = EngineLevel.Progress,
            Steps = [new() { Name = StepNames.ExpireBackups, Worker = WorkerNames.Backup, StallAfter = TimeSpan.FromMinutes(10), Deadline = TimeSpan.FromHours(6) }],
        }.Validated(),
    ];

    public string AuditAction => AuditActions.BackupsExpire;

    public ValueTask<Checked<ExpireBackups>> CheckAsync(ExpireBackups command, CancellationToken cancellationToken)
    {
        var errors = new List<FieldError>();
        if (command.TenantId == default)
            errors.Add(new("/tenantId", "is required: the tenant's id"));
        // A message may leave it out.
        if (command.Backups is not { Count: > 0 and <= BackupRetention.Most })
            errors.Add(new("/backups", $"is required: 1 to {BackupRetention.Most} ids of backups of the tenant"));
        return ValueTask.FromResult<Checked<ExpireBackups>>(new(errors.Count == 0 ? command : null, errors));
    }

    public CommandSubject Subject(ExpireBackups input) => new CommandSubject.ExistingTenant(input.TenantId);

    public OperationRejected? Guard(ExpireBackups input, Tenant tenant) => TenantGuard.RequireStatus(tenant, TenantStatus.Active, TenantStatus.Deprovisioned);

    public OperationPriority Priority(ExpireBackups input) => OperationPriority.Scheduled;

    public WorkflowDefinition Plan(ExpireBackups input, Tenant? tenant) => Workflows[0];

    public object AuditDetail(ExpireBackups input) => new { backups = input.Backups, evenLast = input.EvenLast ?? false };
}
