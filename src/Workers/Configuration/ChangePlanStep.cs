using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Workers.Runtime;

namespace Saga.Workers.Configuration;

/// <summary>Gives the tenant another plan and that plan's configuration, in one transaction. The compensation restores exactly what was there before.</summary>
internal sealed class ChangePlanStep(PlanChanger changer) : IStep
{
    public string Name => StepNames.ChangePlan;

    public bool NeedsInput => true;

    public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) =>
        changer.ChangeAsync(context, context.Input<MigrateTenant>().TargetPlan ?? context.Tenant.Plan, cancellationToken);

    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => changer.UndoAsync(context, cancellationToken);
}
