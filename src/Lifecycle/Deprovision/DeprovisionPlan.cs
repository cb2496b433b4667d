using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Names;
using Saga.Registry.Audit;
using Saga.Registry.Deprovisionings;
using Saga.Registry.Holds;
using Saga.Registry.Operations;
using Saga.Registry.Plans;
using Saga.Registry.Schedule;
using Saga.Registry.Scopes;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Deprovision;

/// <summary>
/// Deprovisioning. The hold, and the scheduled command that removes everything after the grace period, are written in the transaction that
/// accepts the command, whatever else runs on the tenant. Operations before their pivot are cancelled, a provisioning too. The rest waits
/// for what cannot be cancelled.
/// </summary>
public sealed class DeprovisionPlan(TenantStore tenants, PlanStore plans, IOptions<NamesOptions> names) : ICommandPlan<DeprovisionTenant, ValidDeprovision>
{
    /// <summary>The longest grace period.</summary>
    public const int MaxGraceDays = 365;

    // How long the removal may wait after its time, for workers or for an operation that stalls.
    private static readonly TimeSpan Patience = TimeSpan.FromDays(90);

    public static string Kind => DeprovisionWorkflow.Kind;

    public static string Queue => Endpoints.Deprovisions;

    public static bool Removes => true;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [DeprovisionWorkflow.Closing];

    public string AuditAction => AuditActions.TenantDeprovision;

    public async ValueTask<Checked<ValidDeprovision>> CheckAsync(DeprovisionTenant command, CancellationToken cancellationToken)
    {
        var errors = new List<FieldError>();
        if (command.TenantId == default)
            errors.Add(new("/tenantId", "is required: the tenant's id"));
        if (command.GraceDays is < 0 or > MaxGraceDays)
            errors.Add(new("/graceDays", $"must be a whole number from 0 to {MaxGraceDays}"));
        if (errors.Count > 0)
            return new(null, errors);
        var tenant = await tenants.FindAsync(command.TenantId, cancellationToken);
        var plan = tenant is null ? null : await plans.FindAsync(tenant.Plan, tenant.PlanVersion, cancellationToken);
        return new(
            new()
            {
                TenantId = command.TenantId,
                Confirm = command.Confirm,
                Backup = command.Backup ?? true,
                GraceDays = command.GraceDays ?? plan?.GraceDays ?? Plan.UsualGraceDays,
                ConfirmNoGrace = command.ConfirmNoGrace,
                Found = tenant,
            },
            []);
    }

    public CommandSubject Subject(ValidDeprovision input) => new CommandSubject.ExistingTenant(input.TenantId);

    public OperationRejected? Guard(ValidDeprovision input, Tenant tenant) =>
        TenantGuard.RequireStatus(tenant, TenantStatus.Provisioning, TenantStatus.Active)
        ?? DeprovisionRules.Confirmed(input, tenant)
        ?? DeprovisionRules.NotPending(tenant);

    public ScopeWait? Wait(ValidDeprovision input) => new();

    public bool NeedsSlot(ValidDeprovision input) => false;

    WorkflowDefinition ICommandPlan<DeprovisionTenant, ValidDeprovision>.Plan(ValidDeprovision input, Tenant? tenant) => DeprovisionWorkflow.Closing;

    public IReadOnlyList<string> Words(ValidDeprovision input, Tenant? tenant) => DeprovisionWords.Of(input);

    public IEnumerable<NpgsqlBatchCommand> Effects(ValidDeprovision input, BegunOperation operation)
    {
        var deprovisioning = new NewDeprovisioning
        {
            TenantId = input.TenantId,
            OperationId = operation.Id,
            RequestedBy = operation.Caller,
            RequestedAt = operation.At,
            GraceDays = input.GraceDays,
            Backup = input.Backup,
            ReservedDays = names.Value.ReservedDays,
            ScheduledId = Guid.CreateVersion7(operation.At),
        };
        return
        [
            HoldStore.SetCommand(
                input.TenantId, HoldCode.Deletion, HoldEffect.Closed, operation.Caller,
                string.Create(CultureInfo.InvariantCulture, $"It is being deprovisioned: everything is removed at {deprovisioning.DeleteAt.UtcDateTime:u}.")),
            deprovisioning.InsertCommand(),
            .. ScheduleStore.AddCommands(Removal(deprovisioning)),
            CancellationStore.CancelOthersCommand(OperationScopes.Tenant(input.TenantId), spared: null, operation.Caller, "The tenant is being deprovisioned."),
        ];
    }

    public object AuditDetail(ValidDeprovision input) => new { graceDays = input.GraceDays, backup = input.Backup };

    private static ScheduledCommand Removal(NewDeprovisioning deprovisioning) => new()
    {
        Id = deprovisioning.ScheduledId,
        Kind = RemoveWorkflow.Kind,
        TenantId = deprovisioning.TenantId,
        Command = JsonSerializer.SerializeToElement(
            new RemoveTenant { TenantId = deprovisioning.TenantId, Deprovisioning = deprovisioning.OperationId, Backup = deprovisioning.Backup }, Json.Options),
        RunAt = deprovisioning.DeleteAt,
        ExpiresAt = deprovisioning.DeleteAt + Patience,
        NeedsApproval = false,
        RequestedBy = deprovisioning.RequestedBy,
        CreatedAt = deprovisioning.RequestedAt,
    };
}
