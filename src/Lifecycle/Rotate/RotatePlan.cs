using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Schedule;
using Saga.Registry.Audit;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Rotate;

/// <summary>Rotation of a tenant's credentials.</summary>
public sealed class RotatePlan : ICommandPlan<RotateCredentials, ValidRotation>
{
    private const string Rule = "must be one or more of database, cache, tenantKey, backupKey";

    public static string Kind => RotateWorkflow.Kind;

    public static string Queue => Endpoints.Rotations;

    public static CommandScheduling? Scheduling { get; } = new();

    public static bool ForMany => true;

    public static IReadOnlyList<WorkflowDefinition> Workflows => RotateWorkflow.All;

    public string AuditAction => AuditActions.CredentialsRotate;

    public ValueTask<Checked<ValidRotation>> CheckAsync(RotateCredentials command, CancellationToken cancellationToken)
    {
        var errors = new List<FieldError>();
        if (command.TenantId == default)
            errors.Add(new("/tenantId", "is required: the tenant's id"));
        // A message may leave it out.
        var what = command.What ?? [];
        if (what.Count == 0)
            errors.Add(new("/what", Rule));
        for (var i = 0; i < what.Count; i++)
        {
            if (what[i] is not ("database" or "cache" or "tenantKey" or "backupKey"))
                errors.Add(new($"/what/{i}", Rule));
        }

        return ValueTask.FromResult<Checked<ValidRotation>>(new(
            errors.Count > 0 ? null : new(command.TenantId, what.Contains("database"), what.Contains("cache"), what.Contains("tenantKey"), what.Contains("backupKey")), errors));
    }

    public CommandSubject Subject(ValidRotation input) => new CommandSubject.ExistingTenant(input.TenantId);

    // The new logins are tried before runtimes see them, and a closed tenant refuses every sign-in.
    public OperationRejected? Guard(ValidRotation input, Tenant tenant) => TenantGuard.RequireStatus(tenant, TenantStatus.Active) ?? TenantGuard.RequireOpen(tenant);

    public WorkflowDefinition Plan(ValidRotation input, Tenant? tenant) => RotateWorkflow.Of(input.Database, input.Cache, input.BackupKey);

    public IReadOnlyList<string> Words(ValidRotation input, Tenant? tenant) => RotateWords.Of(input);

    public object AuditDetail(ValidRotation input) => new { what = Names(input) };

    private static IEnumerable<string> Names(ValidRotation input) =>
        new[] { (input.Database, "database"), (input.Cache, "cache"), (input.TenantKey, "tenantKey"), (input.BackupKey, "backupKey") }.Where(w => w.Item1).Select(w => w.Item2);
}
