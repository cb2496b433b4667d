using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Settings;
using Saga.Registry.Tenants;
using Saga.Tenancy.Configuration;
using Saga.Workers.Runtime;

namespace Saga.Workers.Configuration;

/// <summary>
/// Gives a key the plan's value in place of the tenant's own, which may be sealed. A value that was made for the tenant is its own no more than the
/// plan's, so it stays. The compensation restores the tenant's settings as they were.
/// </summary>
internal sealed class ResetConfigurationStep(PlanSettings settings, LeasedTransactions leases, RegistryNotifier notifier) : IStep
{
    public string Name => StepNames.ResetConfiguration;

    public bool NeedsInput => true;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var key = context.Input<SetConfig>().ConfigKey;
        var plan = await settings.FindAsync(context.Tenant, cancellationToken);
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            await TenantChangeRows.KeepSettingsAsync(transaction, context.OperationId, cancellationToken);
            if ((await TenantSettingRows.ListOwnAsync(transaction, context.TenantId, [key], cancellationToken)).Count > 0)
                await TenantSettingRows.DeleteAsync(transaction, context.TenantId, [key], cancellationToken);
            // The tenant's own value is not among its data any more since the command was accepted.
            string[] feature = key.StartsWith(FeaturePrefix, StringComparison.Ordinal) ? [key[FeaturePrefix.Length..]] : [];
            await settings.WriteAsync(transaction, context.Tenant, plan, Set([key]), Set(feature), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        notifier.Notify(RegistryChannels.Tenants, context.TenantId.ToString());
        return new { Key = key };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await TenantChangeRows.RestoreSettingsAsync(transaction, context.TenantId, context.OperationId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        notifier.Notify(RegistryChannels.Tenants, context.TenantId.ToString());
    }

    // As commands spell it; what is stored is spelt TenantSettings.FeaturePrefix.
    private const string FeaturePrefix = "features.";

    private static HashSet<string> Set(IEnumerable<string> keys) => keys.ToHashSet(StringComparer.Ordinal);
}
