using System.Globalization;
using Microsoft.Extensions.Options;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Registry.Audit;
using Saga.Registry.Backups;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Restore;

/// <summary>A restore of a tenant's rows. What can be known without the backup's files is refused here; its first step checks those before anything is written.</summary>
public sealed class RestorePlan(BackupStore backups, TenantStore tenants, ServerRoomStore servers, IOptions<RestoreOptions> options) : ICommandPlan<RestoreTenant, ValidRestore>
{
    public const string ModeRule = "must be beside or replace";

    public static string Kind => RestoreWorkflow.Kind;

    public static string Queue => Endpoints.Restores;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [RestoreWorkflow.Beside, RestoreWorkflow.Replace, RestoreWorkflow.ReplaceShared];

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
            : new(
                new(command.TenantId, command.BackupId, await backups.FindAsync(command.BackupId, cancellationToken), mode, await servers.ListAsync(cancellationToken))
                {
                    Found = await tenants.FindAsync(command.TenantId, cancellationToken),
                    Newest = mode == RestoreMode.Replace ? (await backups.ListAsync(command.TenantId, [BackupState.Completed], null, 1, cancellationToken)).Items.FirstOrDefault() : null,
                    RowsPerSecond = options.Value.RowsPerSecond,
                },
                []);
    }

    public CommandSubject Subject(ValidRestore input) => new CommandSubject.ExistingTenant(input.TenantId);

    public OperationRejected? Guard(ValidRestore input, Tenant tenant)
    {
        if (input.Backup is not { } backup)
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

        return TenantGuard.RequireStatus(tenant, TenantStatus.Active) ?? (input.Mode == RestoreMode.Replace ? Replaces(input, tenant) : null);
    }

    public WorkflowDefinition Plan(ValidRestore input, Tenant? tenant) => input.Mode switch
    {
        RestoreMode.Replace when tenant?.Tier == IsolationTier.Row => RestoreWorkflow.ReplaceShared,
        RestoreMode.Replace => RestoreWorkflow.Replace,
        _ => RestoreWorkflow.Beside,
    };

    public object AuditDetail(ValidRestore input) => new { backupId = input.BackupId, mode = input.Mode.ToString().ToLowerInvariant() };

    private static OperationRejected? Replaces(ValidRestore input, Tenant tenant)
    {
        // The rows of a tenant that is closed or on its way elsewhere stay what they are.
        if (TenantGuard.RequireOpen(tenant) is { } held)
            return held;
        return input.Servers.FirstOrDefault(s => s.Name == tenant.Placement?.Server) switch
        {
            { Accepting: false } server => new() { Code = RejectionCodes.NoServer, Detail = $"Database server '{server.Name}' takes no further placements, and what is restored needs one." },
            { } server when server.Used >= server.Maximum => new()
            {
                Code = RejectionCodes.ServerFull,
                Detail = string.Create(CultureInfo.InvariantCulture,
                    $"Database server '{server.Name}' is full: it holds {server.Used} of {server.Maximum} placements, and a restore needs one more until what it replaced is removed."),
            },
            _ => null,
        };
    }

    private static RestoreMode? ModeOf(string? text) => text switch
    {
        "beside" => RestoreMode.Beside,
        "replace" => RestoreMode.Replace,
        _ => null,
    };
}
