using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Settings;
using Saga.Workers.Runtime;

namespace Saga.Workers.Configuration;

/// <summary>Writes the plan's defaults, overridden by the tenant's own values, in one transaction.</summary>
internal sealed class ConfigurationStep(PlanSettings settings, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.Configuration;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var plan = await settings.FindAsync(context.Tenant, cancellationToken);
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        var written = await settings.WriteAsync(transaction, context.Tenant, plan, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return written;
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await TenantSettingRows.DeleteAsync(transaction, context.TenantId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
