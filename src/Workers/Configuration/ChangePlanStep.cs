using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Registry.Plans;
using Saga.Workers.Runtime;

namespace Saga.Workers.Configuration;

/// <summary>Gives the tenant another plan, or the current version of its own, and that plan's configuration, in one transaction. The compensation restores exactly what was there before.</summary>
internal sealed class ChangePlanStep(PlanChanger changer, PlanStore plans) : IStep
{
    public string Name => StepNames.ChangePlan;

    public bool NeedsInput => true;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        // Without a plan in the command the tenant keeps its version.
        if (context.Input<MigrateTenant>().TargetPlan is null)
            return new { context.Tenant.Plan, Version = context.Tenant.PlanVersion };
        return await changer.ChangeAsync(context, await TargetPlan.FindAsync(plans, context, cancellationToken), cancellationToken);
    }

    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => changer.UndoAsync(context, cancellationToken);
}
