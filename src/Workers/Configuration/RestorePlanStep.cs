using Saga.Contracts.Steps;
using Saga.Registry.Placements;
using Saga.Workers.Runtime;

namespace Saga.Workers.Configuration;

/// <summary>Gives the tenant back the plan that it had before the move which is being reverted. The tenant's own features and settings stay.</summary>
internal sealed class RestorePlanStep(PlanChanger changer, PlacementStore placements) : IStep
{
    public string Name => StepNames.RestorePlan;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) =>
        await placements.KeptAsync(context.TenantId, cancellationToken) is [{ Change: { } change }, ..]
            ? await changer.ChangeAsync(context, change.FromPlan, cancellationToken)
            : throw StepFailureException.Permanent(
                "no-copy-kept", $"No former copy of the rows of tenant '{context.Tenant.Slug}' is kept any more whose plan could be restored.", "Migrate the tenant instead.");

    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => changer.UndoAsync(context, cancellationToken);
}
