using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Schedule;
using Saga.Lifecycle.Suspend;
using Saga.Registry.Audit;
using Saga.Registry.Reactivations;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Reactivate;

/// <summary>Reactivation: lifts the holds that stand when it is accepted. While another hold closes the tenant, nothing outside is opened.</summary>
public sealed class ReactivatePlan : ICommandPlan<ReactivateTenant, ValidReactivation>
{
    public static string Kind => ReactivateWorkflow.Kind;

    public static string Queue => Endpoints.Reactivations;

    public static CommandScheduling? Scheduling { get; } = new();

    public static bool ForMany => true;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [ReactivateWorkflow.Opening, ReactivateWorkflow.Lifting];

    public string AuditAction => AuditActions.TenantReactivate;

    public ValueTask<Checked<ValidReactivation>> CheckAsync(ReactivateTenant command, CancellationToken cancellationToken)
    {
        var errors = new List<FieldError>();
        var codes = new HashSet<HoldCode>();
        if (command.Codes is { Count: 0 })
            errors.Add(new("/codes", "must name a code; leave it out to lift every code that a suspension can set"));
        for (var i = 0; i < (command.Codes?.Count ?? 0); i++)
        {
            if (SuspensionCodes.TryParse(command.Codes![i], out var code))
                codes.Add(code);
            else
                errors.Add(new($"/codes/{i}", SuspensionCodes.Rule));
        }

        var reason = ReasonText.Normalize(command.Reason);
        if (command.Reason is not null && reason is null)
            errors.Add(new("/reason", ReasonText.Rule));
        return ValueTask.FromResult<Checked<ValidReactivation>>(
            new(errors.Count == 0 ? new(command.TenantId, command.Codes is null ? SuspensionCodes.All : codes, reason) : null, errors));
    }

    public CommandSubject Subject(ValidReactivation input) => new CommandSubject.ExistingTenant(input.TenantId);

    public OperationRejected? Guard(ValidReactivation input, Tenant tenant)
    {
        if (TenantGuard.RequireStatus(tenant, TenantStatus.Provisioning, TenantStatus.Active) is { } refused)
            return refused;
        return tenant.Holds.Any(h => input.Codes.Contains(h.Code)) ? null : new()
        {
            Code = RejectionCodes.NotSuspended,
            Detail = $"Tenant '{tenant.Slug}' is not suspended with {(input.Codes.Count == 1 ? "the code" : "any of the codes")} {string.Join(", ", input.Codes.Select(c => $"'{SuspensionCodes.NameOf(c)}'"))}.",
            Errors = [new("/codes", "none of them stands")],
        };
    }

    public bool NeedsSlot(ValidReactivation input) => false;

    public WorkflowDefinition Plan(ValidReactivation input, Tenant? tenant)
    {
        var closing = tenant!.Holds.Where(h => h.Effect is HoldEffect.Closed or HoldEffect.Away).ToLookup(h => input.Codes.Contains(h.Code));
        return tenant.Status == TenantStatus.Active && closing[true].Any() && !closing[false].Any() ? ReactivateWorkflow.Opening : ReactivateWorkflow.Lifting;
    }

    public IReadOnlyList<string> Words(ValidReactivation input, Tenant? tenant) =>
        ReactivateWords.Of([.. tenant!.Holds.Where(h => input.Codes.Contains(h.Code))], tenant, opens: Plan(input, tenant) == ReactivateWorkflow.Opening);

    public IEnumerable<NpgsqlBatchCommand> Effects(ValidReactivation input, BegunOperation operation) =>
        [ReactivationRows.BeginCommand(input.TenantId, operation.Id, input.Codes)];

    public object AuditDetail(ValidReactivation input) => new { codes = input.Codes, reason = input.Reason };
}
