using System.Globalization;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Provision;
using Saga.Registry.Audit;
using Saga.Registry.Backups;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Restore;

/// <summary>A restore of a tenant's rows. What can be known without the backup's files is refused here; its first step checks those before anything is written.</summary>
public sealed class RestorePlan(BackupStore backups, TenantStore tenants, TenantNameStore names, ServerRoomStore servers, IOptions<RestoreOptions> options) : ICommandPlan<RestoreTenant, ValidRestore>
{
    public const string ModeRule = "must be beside or replace";

    public static string Kind => RestoreWorkflow.Kind;

    public static string Queue => Endpoints.Restores;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [RestoreWorkflow.Beside, RestoreWorkflow.Replace, RestoreWorkflow.ReplaceShared, RestoreWorkflow.Revive];

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
        if (errors.Count > 0)
            return new(null, errors);
        var tenant = await tenants.FindAsync(command.TenantId, cancellationToken);
        return new(
            new(command.TenantId, command.BackupId, await backups.FindAsync(command.BackupId, cancellationToken), mode, await servers.ListAsync(cancellationToken))
            {
                Found = tenant,
                Newest = mode == RestoreMode.Replace && (await backups.ListAsync(command.TenantId, [BackupState.Completed], null, 1, cancellationToken)).Items is [var newest] ? newest : null,
                RowsPerSecond = options.Value.RowsPerSecond,
                KeyDestroyedAt = tenant?.Status == TenantStatus.Deprovisioned ? await backups.KeyDestroyedAsync(command.TenantId, cancellationToken) : null,
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

        if (tenant.Status == TenantStatus.Deprovisioned && input.KeyDestroyedAt is { } destroyed)
        {
            return State(string.Create(CultureInfo.InvariantCulture,
                $"The backup key of tenant '{tenant.Slug}' was destroyed at {destroyed:yyyy-MM-ddTHH:mm:ssZ}, when its last backup had expired. Nobody can read its backups any more, so it cannot be restored."));
        }

        if (backup.State != BackupState.Completed)
        {
            return State(string.Create(CultureInfo.InvariantCulture,
                $"Backup {backup.Id} is {backup.State.ToString().ToLowerInvariant()}{(backup.ExpiredAt is { } at ? $" since {at:yyyy-MM-ddTHH:mm:ssZ}" : "")}. Only a completed one can be restored."));
        }

        if (tenant.Status == TenantStatus.Deprovisioned)
            return Revives(input, tenant) ? null : NothingBeside(tenant);
        return TenantGuard.RequireStatus(tenant, TenantStatus.Active, TenantStatus.Deprovisioned) ?? (input.Mode == RestoreMode.Replace ? Replaces(input, tenant) : null);

        static OperationRejected State(string detail) => new() { Code = RejectionCodes.BackupState, Detail = detail, Errors = [new("/backupId", "must be a completed backup")] };
    }

    public WorkflowDefinition Plan(ValidRestore input, Tenant? tenant) => input.Mode switch
    {
        RestoreMode.Replace when Revives(input, tenant) => RestoreWorkflow.Revive,
        RestoreMode.Replace when tenant?.Tier == IsolationTier.Row => RestoreWorkflow.ReplaceShared,
        RestoreMode.Replace => RestoreWorkflow.Replace,
        _ => RestoreWorkflow.Beside,
    };

    public IReadOnlyList<string> Words(ValidRestore input, Tenant? tenant) => RestoreWords.Of(input);

    /// <summary>What a tenant that comes back takes is checked like that of a new one: others may have its names by now, and the servers may be full.</summary>
    public IEnumerable<NpgsqlBatchCommand> Effects(ValidRestore input, BegunOperation operation) => Revives(input, input.Found)
        ? [TenantAdmission.RevivedNamesCommand(input.TenantId), TenantAdmission.Command(input.Found!.Name, input.Found.Slug, input.Found.Region)]
        : [];

    public async Task<OperationRejected?> FindConflictAsync(ValidRestore input, CancellationToken cancellationToken)
    {
        if (!Revives(input, input.Found))
            return null;
        var tenant = input.Found!;
        var taken = await names.FindTakenAsync(tenant.Id, tenant.Slug, tenant.Domain, tenant.Subdomain, cancellationToken);
        if (taken.Slug)
            return Taken(RejectionCodes.SlugTaken, $"slug '{tenant.Slug}'", "Deprovision that one first");
        if (taken.Subdomain)
            return Taken(RejectionCodes.SubdomainTaken, $"subdomain '{tenant.Subdomain}'", "Give that one another first");
        if (taken.Domain)
            return Taken(RejectionCodes.DomainTaken, $"domain '{tenant.Domain}'", "Remove it there first");
        if (await names.IsHeldAsync(tenant.Name, tenant.Slug, cancellationToken, tenant.Id))
        {
            return new()
            {
                Code = RejectionCodes.NameTaken,
                Detail = $"The organisation of the tenant could be called neither '{tenant.Name}' nor '{tenant.Name} ({tenant.Slug})': another tenant has one of these names by now. Rename that one first.",
            };
        }

        return Room.Rejection(tenant.Region, replica: false, await servers.FindAsync(tenant.Region, cancellationToken));

        static OperationRejected Taken(string code, string what, string remedy) =>
            new() { Code = code, Detail = $"Another tenant has the {what} by now, or it is still reserved for that one. {remedy}, or wait until the reservation has ended." };
    }

    public object AuditDetail(ValidRestore input) => new { backupId = input.BackupId, mode = input.Mode.ToString().ToLowerInvariant() };

    // Whether the tenant is deprovisioned and comes back.
    private static bool Revives(ValidRestore input, Tenant? tenant) => input.Mode == RestoreMode.Replace && tenant?.Status == TenantStatus.Deprovisioned;

    private static OperationRejected NothingBeside(Tenant tenant) => new()
    {
        Code = RejectionCodes.Validation, Detail = $"Tenant '{tenant.Slug}' is deprovisioned: there is nothing beside which its backup could be restored. With the mode replace the tenant comes back under its id.",
        Errors = [new("/mode", "must be replace")],
    };

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
