using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Registry.Audit;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Revert;

/// <summary>Revert: routes a tenant back to the place that its last move has left.</summary>
public sealed class RevertPlan(PlanStore plans, TenantStore tenants, PlacementStore placements) : ICommandPlan<RevertMove, ValidRevert>
{
    public static string Kind => RevertWorkflow.Kind;

    public static string Queue => Endpoints.RevertCommands;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [RevertWorkflow.InPlan, RevertWorkflow.WithPlan, RevertWorkflow.PutBack];

    public string AuditAction => AuditActions.TenantRevert;

    public async ValueTask<Checked<ValidRevert>> CheckAsync(RevertMove command, CancellationToken cancellationToken)
    {
        var errors = new List<FieldError>();
        if (command.TenantId == default)
            errors.Add(new("/tenantId", "is required: the tenant's id"));
        var reason = ReasonText.Normalize(command.Reason);
        if (command.Reason is not null && reason is null)
            errors.Add(new("/reason", ReasonText.Rule));
        if (errors.Count > 0)
            return new(null, errors);
        var valid = new ValidRevert
        {
            Tenant = command.TenantId,
            Reason = reason,
            Kept = await placements.KeptAsync(command.TenantId, cancellationToken) is [var last, ..] ? last : null,
            Plans = [],
            Found = await tenants.FindAsync(command.TenantId, cancellationToken),
        };
        return new(valid.Found is { } found && await FindAsync(valid, found, cancellationToken) is { } plan ? valid with { Plans = [plan] } : valid, []);
    }

    // The version that the tenant would have, which is not always the current one.
    private Task<Registry.Plans.Plan?> FindAsync(ValidRevert input, Tenant tenant, CancellationToken cancellationToken) => input.PlanOf(tenant) is null
        ? plans.FindAsync(tenant.Plan, tenant.PlanVersion, cancellationToken)
        : plans.FindAsync(input.Kept!.Change!.FromPlan, input.Kept.Change.FromVersion, cancellationToken);

    public CommandSubject Subject(ValidRevert input) => new CommandSubject.ExistingTenant(input.Tenant);

    public OperationRejected? Guard(ValidRevert input, Tenant tenant) => RevertGuard.Check(input, tenant);

    public WorkflowDefinition Plan(ValidRevert input, Tenant? tenant) => input.Kept?.Keeps is not null ? RevertWorkflow.PutBack : input.PlanOf(tenant!) is null ? RevertWorkflow.InPlan : RevertWorkflow.WithPlan;

    public IReadOnlyList<string> Words(ValidRevert input, Tenant? tenant) => RevertWords.Of(input, tenant!);

    public object AuditDetail(ValidRevert input) => new { placement = input.Kept?.Placement.Id, reason = input.Reason };
}
