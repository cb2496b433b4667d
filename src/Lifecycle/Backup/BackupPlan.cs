using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Schedule;
using Saga.Registry.Audit;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Backup;

/// <summary>A backup of one tenant, in every tier. Of the holds only that of a deletion matters, because it only reads.</summary>
public sealed class BackupPlan : ICommandPlan<BackupTenant, ValidBackup>
{
    public static string Kind => BackupWorkflow.Kind;

    public static string Queue => Endpoints.Backups;

    public static CommandScheduling? Scheduling { get; } = new();

    public static bool ForMany => true;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [BackupWorkflow.Definition];

    public string AuditAction => AuditActions.TenantBackup;

    public ValueTask<Checked<ValidBackup>> CheckAsync(BackupTenant command, CancellationToken cancellationToken)
    {
        var errors = new List<FieldError>();
        if (command.TenantId == default)
            errors.Add(new("/tenantId", "is required: the tenant's id"));
        var note = ReasonText.Normalize(command.Note);
        if (command.Note is not null && note is null)
            errors.Add(new("/note", ReasonText.Rule));
        return ValueTask.FromResult<Checked<ValidBackup>>(
            new(errors.Count == 0 ? new(command.TenantId, note, command.IncludeObjects ?? false) : null, errors));
    }

    public CommandSubject Subject(ValidBackup input) => new CommandSubject.ExistingTenant(input.TenantId);

    public OperationRejected? Guard(ValidBackup input, Tenant tenant) => TenantGuard.RequireStatus(tenant, TenantStatus.Active) ?? RefuseDeprovisioning(tenant);

    // A removal makes the final backup itself, and nobody needs one more of what is going to be removed.
    internal static OperationRejected? RefuseDeprovisioning(Tenant tenant) => tenant.Holds.FirstOrDefault(h => h.Code == HoldCode.Deletion) is { } hold
        ? new()
        {
            Code = RejectionCodes.TenantState,
            Detail = $"Tenant '{tenant.Slug}' is being deprovisioned. That was ordered by {hold.Actor}: {hold.Reason} Its removal makes the final backup, if one was asked for. Cancel the deprovisioning to back it up.",
        }
        : null;

    public WorkflowDefinition Plan(ValidBackup input, Tenant? tenant) => BackupWorkflow.Definition;

    public IReadOnlyList<string> Words(ValidBackup input, Tenant? tenant) =>
    [
        "The tenant's rows as they are in one moment, its settings and its plan are written to the object store, encrypted with a key of the backup's own.",
        input.IncludeObjects ? "The list of its objects and their contents are part of it." : "Of its objects only the list is part of it.",
        "The tenant works on. The backup is kept as long as the retention of its plan or of its own backup schedule says.",
    ];

    public object AuditDetail(ValidBackup input) => new { note = input.Note, includeObjects = input.IncludeObjects };
}
