using System.Globalization;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Reactivate;
using Saga.Registry.Audit;
using Saga.Registry.Deprovisionings;
using Saga.Registry.Operations;
using Saga.Registry.Reactivations;
using Saga.Registry.Scopes;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Deprovision;

/// <summary>
/// Takes a deprovisioning back. The removal is cancelled in the transaction that accepts the command, so that nothing is removed even if
/// opening the tenant again fails. Then the tenant is opened as in a reactivation, and the hold is lifted.
/// </summary>
public sealed class CancelDeprovisioningPlan : ICommandPlan<CancelDeprovisioning, ValidCancelDeprovisioning>
{
    public static string Kind => "cancelDeprovision";

    public static string Queue => Endpoints.DeprovisionCancellations;

    private static readonly WorkflowDefinition Opening = ReactivateWorkflow.Opening with { Kind = Kind };

    private static readonly WorkflowDefinition Lifting = ReactivateWorkflow.Lifting with { Kind = Kind };

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [Opening, Lifting];

    public string AuditAction => AuditActions.DeprovisioningCancel;

    public ValueTask<Checked<ValidCancelDeprovisioning>> CheckAsync(CancelDeprovisioning command, CancellationToken cancellationToken)
    {
        var reason = ReasonText.Normalize(command.Reason);
        IReadOnlyList<FieldError> errors = command.Reason is not null && reason is null ? [new("/reason", ReasonText.Rule)] : [];
        return ValueTask.FromResult<Checked<ValidCancelDeprovisioning>>(new(errors.Count == 0 ? new(command.TenantId, reason) : null, errors));
    }

    public CommandSubject Subject(ValidCancelDeprovisioning input) => new CommandSubject.ExistingTenant(input.TenantId);

    public OperationRejected? Guard(ValidCancelDeprovisioning input, Tenant tenant)
    {
        // While a provisioning ends, the closing has not run, so what will have to be opened is not known.
        if (TenantGuard.RequireStatus(tenant, TenantStatus.Active) is { } refused)
            return refused;
        if (tenant.Holds.All(h => h.Code != HoldCode.Deletion))
            return new() { Code = RejectionCodes.NotDeprovisioning, Detail = $"Tenant '{tenant.Slug}' is not being deprovisioned." };
        return tenant.Deletion?.FinalAt is not { } final ? null : new()
        {
            Code = RejectionCodes.DeprovisioningFinal,
            Detail = string.Create(CultureInfo.InvariantCulture, $"The removal of tenant '{tenant.Slug}' began at {final.UtcDateTime:u} and only goes forward."),
        };
    }

    public ScopeWait? Wait(ValidCancelDeprovisioning input) => new();

    public bool NeedsSlot(ValidCancelDeprovisioning input) => false;

    public WorkflowDefinition Plan(ValidCancelDeprovisioning input, Tenant? tenant) =>
        !tenant!.Holds.Any(h => h.Code != HoldCode.Deletion && h.Effect is HoldEffect.Closed or HoldEffect.Away) ? Opening : Lifting;

    public IReadOnlyList<string> Words(ValidCancelDeprovisioning input, Tenant? tenant) =>
        ReactivateWords.Of([.. tenant!.Holds.Where(h => h.Code == HoldCode.Deletion)], tenant, opens: Plan(input, tenant) == Opening) is { Count: > 0 } lifting
            ? ["The removal is cancelled as soon as the command is accepted: nothing of the tenant is removed, whatever happens then.", .. lifting]
            : [];

    public IEnumerable<NpgsqlBatchCommand> Effects(ValidCancelDeprovisioning input, BegunOperation operation)
    {
        var reason = input.Reason ?? "The deprovisioning was taken back.";
        return
        [
            .. DeprovisioningRows.CancelCommands(input.TenantId, operation.Caller, reason),
            CancellationStore.CancelKindCommand(OperationScopes.Tenant(input.TenantId), RemoveWorkflow.Kind, operation.Caller, reason),
            ReactivationRows.BeginCommand(input.TenantId, operation.Id, [HoldCode.Deletion]),
        ];
    }

    public object AuditDetail(ValidCancelDeprovisioning input) => new { reason = input.Reason };
}

/// <summary>A valid command.</summary>
/// <param name="TenantId">The tenant.</param>
/// <param name="Reason">The reason for people; null when none was given.</param>
public sealed record ValidCancelDeprovisioning(TenantId TenantId, string? Reason);
