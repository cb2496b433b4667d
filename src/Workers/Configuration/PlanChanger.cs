using Saga.Registry.Leases;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Configuration;

/// <summary>Gives a tenant another plan and that plan's configuration, and takes it back. Both may be repeated. Thread-safe.</summary>
internal sealed class PlanChanger(PlanSettings settings, PlanStore plans, LeasedTransactions leases)
{
    /// <summary>Changes it in one transaction. Changes nothing if the tenant has that version of the plan. The version of the first attempt counts.</summary>
    public async Task<object?> ChangeAsync(StepContext context, Plan to, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await PlanChangeRows.BeginAsync(transaction, context.TenantId, context.OperationId, to, cancellationToken) is not { } change)
            return new { Plan = to.Name, to.Version };
        var plan = await settings.FindAsync(change.ToPlan, change.ToVersion, context.Tenant, cancellationToken);
        var written = await settings.WriteAsync(transaction, context.Tenant, plan, cancellationToken);
        // A plan that is not in the registry any more may leave settings that nothing reads.
        if (await plans.FindAsync(change.FromPlan, change.FromVersion, cancellationToken) is { } former)
            await PlanSettings.DeleteFormerAsync(transaction, context.TenantId, former, plan, cancellationToken);
        await TenantRows.NotifyAsync(transaction, context.TenantId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new { change.FromPlan, change.FromVersion, change.ToPlan, change.ToVersion, written.Settings, written.Features };
    }

    /// <summary>Restores exactly what the tenant had before the operation.</summary>
    public async Task UndoAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await PlanChangeRows.UndoAsync(transaction, context.TenantId, context.OperationId, cancellationToken);
        await TenantRows.NotifyAsync(transaction, context.TenantId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
