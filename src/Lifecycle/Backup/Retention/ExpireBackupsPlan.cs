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

namespace Saga.Lifecycle.Backup.Retention;

/// <summary>
/// The removal of backups whose time is over. Nothing of it can be undone, and nothing need be: what a failed one has left is removed by the next
/// one, so a failure must not keep the tenant's scope.
/// </summary>
public sealed class ExpireBackupsPlan(BackupStore store) : ICommandPlan<ExpireBackups, ValidExpiry>
{
    public static string Kind => "expireBackups";

    public static string Queue => Endpoints.BackupExpiries;

    public static bool Removes => true;

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

    public async ValueTask<Checked<ValidExpiry>> CheckAsync(ExpireBackups command, CancellationToken cancellationToken)
    {
        var errors = new List<FieldError>();
        if (command.TenantId == default)
            errors.Add(new("/tenantId", "is required: the tenant's id"));
        // A message may leave it out.
        if (command.Backups is not { Count: > 0 and <= BackupRetention.Most })
            errors.Add(new("/backups", $"is required: 1 to {BackupRetention.Most} ids of backups of the tenant"));
        var reason = ReasonText.Normalize(command.Reason);
        if (command.Reason is not null && reason is null)
            errors.Add(new("/reason", ReasonText.Rule));
        if (errors.Count > 0)
            return new(null, errors);
        var valid = new ValidExpiry(command.TenantId, command.Backups, command.EvenLast ?? false, reason);
        return new(reason is null ? valid : await LookAsync(valid, cancellationToken), []);
    }

    public CommandSubject Subject(ValidExpiry input) => new CommandSubject.ExistingTenant(input.TenantId);

    public OperationRejected? Guard(ValidExpiry input, Tenant tenant) =>
        TenantGuard.RequireStatus(tenant, TenantStatus.Active, TenantStatus.Deprovisioned) ?? (input.Reason is null ? null : Refusal(input, tenant));

    public OperationPriority Priority(ValidExpiry input) => input.Reason is null ? OperationPriority.Scheduled : OperationPriority.Interactive;

    public WorkflowDefinition Plan(ValidExpiry input, Tenant? tenant) => Workflows[0];

    public IReadOnlyList<string> Words(ValidExpiry input, Tenant? tenant) =>
    [
        $"The keys of these backups are destroyed, and then their files are removed: {string.Join(", ", input.Backups)}.",
        "Nobody can read what is left of them anywhere. They stay listed as expired.",
        .. input.Newest is { } newest && input.Backups.Contains(newest) ? (string[])[$"{newest} is the tenant's last good backup."] : [],
    ];

    public object AuditDetail(ValidExpiry input) => new { backups = input.Backups, evenLast = input.EvenLast, reason = input.Reason };

    private async Task<ValidExpiry> LookAsync(ValidExpiry input, CancellationToken cancellationToken)
    {
        var found = new List<Registry.Backups.Backup>();
        foreach (var id in input.Backups)
        {
            if (await store.FindAsync(id, cancellationToken) is { } backup)
                found.Add(backup);
        }

        var newest = await store.ListAsync(input.TenantId, [BackupState.Completed], null, 1, cancellationToken);
        return input with { Found = found, Newest = newest.Items.Count > 0 ? newest.Items[0].Id : null };
    }

    // The step looks again, because a newer backup may have failed or been removed by then.
    private static OperationRejected? Refusal(ValidExpiry input, Tenant tenant)
    {
        if (input.Backups.Where(id => input.Found.All(b => b.Id != id || b.TenantId != tenant.Id)).ToList() is { Count: > 0 } unknown)
            return new() { Code = RejectionCodes.BackupNotFound, Detail = $"Tenant '{tenant.Slug}' has no backup {unknown[0]}.", Errors = [new("/backups", "must be backups of the tenant")] };
        if (input.Found.FirstOrDefault(b => b.State is not (BackupState.Completed or BackupState.Expiring)) is { } other)
        {
            return new()
            {
                Code = RejectionCodes.BackupState, Detail = $"Backup {other.Id} is {other.State.ToString().ToLowerInvariant()}. Only a completed one can be removed; cancel the operation of one that is running.",
                Errors = [new("/backups", "must be completed backups")],
            };
        }

        return input.EvenLast || input.Newest is not { } newest || !input.Backups.Contains(newest) ? null : new()
        {
            Code = RejectionCodes.BackupState, Detail = $"Backup {newest} is the last good one of tenant '{tenant.Slug}'. Make another one first, or send force: true.",
            Errors = [new("/force", "must be true to remove the last good backup")],
        };
    }
}
