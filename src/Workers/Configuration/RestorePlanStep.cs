using Saga.Contracts.Steps;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Workers.Runtime;

namespace Saga.Workers.Configuration;

/// <summary>Gives the tenant back the plan that it had before the move which is being reverted. The tenant's own features and settings stay.</summary>
internal sealed class RestorePlanStep(PlanChanger changer, PlanStore plans, PlacementStore placements) : IStep
{
    public string Name => StepNames.RestorePlan;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) =>
        await placements.KeptAsync(context.TenantId, cancellationToken) is [{ Change: { } change }, ..]
            ? await changer.ChangeAsync(context, await FindAsync(change, cancellationToken), cancellationToken)
            : throw StepFailureException.Permanent(
                "no-copy-kept", $"No former copy of the rows of tenant '{context.Tenant.Slug}' is kept any more whose plan could be restored.", "Migrate the tenant instead.");

    private async Task<Plan> FindAsync(PlanChange change, CancellationToken cancellationToken) =>
        await plans.FindAsync(change.FromPlan, change.FromVersion, cancellationToken) ?? throw StepFailureException.Permanent(
            "plan-unknown", $"The plan '{change.FromPlan}' is not in the registry.", "Add the plan again, then replay the step.");

    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => changer.UndoAsync(context, cancellationToken);
}
