using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Plans;
using Saga.Workers.Runtime;

namespace Saga.Workers.Configuration;

/// <summary>Gives the tenant another plan and that plan's configuration, in one transaction. The compensation restores exactly what was there before.</summary>
internal sealed class ChangePlanStep(PlanSettings settings, PlanStore plans, LeasedTransactions leases, RegistryNotifier notifier) : IStep
{
    public string Name => StepNames.ChangePlan;

    public bool NeedsInput => true;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var name = context.Input<MigrateTenant>().TargetPlan ?? context.Tenant.Plan;
        var plan = await settings.FindAsync(name, context.Tenant, cancellationToken);
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await PlanChangeRows.BeginAsync(transaction, context.TenantId, context.OperationId, plan.Name, cancellationToken) is not { } change)
            return new { Plan = plan.Name };
        var written = await settings.WriteAsync(transaction, context.Tenant, plan, cancellationToken);
        // A plan that is not in the registry any more may leave settings that nothing reads.
        if (await plans.FindAsync(change.FromPlan, cancellationToken) is { } former)
            await PlanSettings.DeleteFormerAsync(transaction, context.TenantId, former, plan, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        notifier.Notify(RegistryChannels.Tenants, context.TenantId.ToString());
        return new { change.FromPlan, change.ToPlan, written.Settings, written.Features };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await PlanChangeRows.UndoAsync(transaction, context.TenantId, context.OperationId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        notifier.Notify(RegistryChannels.Tenants, context.TenantId.ToString());
    }
}
