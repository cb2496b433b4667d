using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Configuration;

/// <summary>Writes the settings and features that an update changes. The compensation restores all of the tenant's as they were.</summary>
internal sealed class UpdateConfigurationStep(PlanSettings settings, LeasedTransactions leases, RegistryNotifier notifier) : IStep
{
    public string Name => StepNames.UpdateConfiguration;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        TenantChange? change;
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
            change = await TenantChangeRows.FindAsync(transaction, context.OperationId, cancellationToken);
        if (change is null || !(change.Has(TenantField.Settings) || change.Has(TenantField.Features)))
            return null;
        var plan = await settings.FindAsync(context.Tenant, cancellationToken);
        WrittenSettings written;
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            await TenantChangeRows.KeepSettingsAsync(transaction, context.OperationId, cancellationToken);
            written = await settings.WriteAsync(transaction, context.Tenant, plan, change.Keys(TenantField.Settings), change.Keys(TenantField.Features), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        notifier.Notify(RegistryChannels.Tenants, context.TenantId.ToString());
        return new { written.Settings, written.Features };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await TenantChangeRows.RestoreSettingsAsync(transaction, context.TenantId, context.OperationId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        notifier.Notify(RegistryChannels.Tenants, context.TenantId.ToString());
    }
}
