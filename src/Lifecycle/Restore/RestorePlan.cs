using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Registry.Audit;
using Saga.Registry.Backups;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Restore;

/// <summary>A restore of a tenant's rows. What can be known without the backup's files is refused here; its first step checks those before anything is written.</summary>
public sealed class RestorePlan(BackupStore backups) : ICommandPlan<RestoreTenant, ValidRestore>
{
    public const string ModeRule = "must be beside or replace";

    public static string Kind => RestoreWorkflow.Kind;

    public static string Queue => Endpoints.Restores;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [RestoreWorkflow.Beside];

    public string AuditAction => AuditActions.TenantRestore;

    public async ValueTask<Checked<ValidRestore>> CheckAsync(RestoreTenant command, CancellationToken cancellationToken)
    {
        var errors = new List<FieldError>();
        if (command.TenantId == default)
            errors.Add(new("/tenantId", "is required: the tenant's id"));
        if (command.BackupId == Guid.Empty)
            errors.Add(new("/backupId", "is required: the id of a backup of the tenant"));
        if (ModeOf(command.Mode) is not { } mode)
            return new(null, [.. errors, new("/mode", ModeRule)]);
        return errors.Count > 0
            ? new(null, errors)
            : new(new(command.TenantId, command.BackupId, await backups.FindAsync(command.BackupId, cancellationToken), mode), []);
    }

    public CommandSubject Subject(ValidRestore input) => new CommandSubject.ExistingTenant(input.TenantId);

    public OperationRejected? Guard(ValidRestore input, Tenant tenant)
    {
        if (input.Found is not { } backup)
            return new() { Code = RejectionCodes.BackupNotFound, Detail = $"There is no backup {input.BackupId}.", Errors = [new("/backupId", "is not the id of a backup")] };
        if (backup.TenantId != tenant.Id)
        {
            return new()
            {
                Code = RejectionCodes.Validation, Detail = $"Backup {backup.Id} is of another tenant, '{backup.Slug}'.", Errors = [new("/backupId", $"must be a backup of tenant '{tenant.Slug}'")],
            };
        }

        if (backup.State != BackupState.Completed)
        {
            return new()
            {
                Code = RejectionCodes.BackupState, Detail = $"Backup {backup.Id} is {backup.State.ToString().ToLowerInvariant()}. Only a completed one can be restored.",
                Errors = [new("/backupId", "must be a completed backup")],
            };
        }

        if (input.Mode == RestoreMode.Replace)
        {
            return new()
            {
                Code = RejectionCodes.NotSupported, Detail = "A restore cannot replace a tenant's rows yet. Restore beside, and copy from there what is needed.",
                Errors = [new("/mode", "must be beside")],
            };
        }

        return TenantGuard.RequireStatus(tenant, TenantStatus.Active);
    }

    public WorkflowDefinition Plan(ValidRestore input, Tenant? tenant) => RestoreWorkflow.Beside;

    public object AuditDetail(ValidRestore input) => new { backupId = input.BackupId, mode = input.Mode.ToString().ToLowerInvariant() };

    private static RestoreMode? ModeOf(string? text) => text switch
    {
        "beside" => RestoreMode.Beside,
        "replace" => RestoreMode.Replace,
        _ => null,
    };
}
