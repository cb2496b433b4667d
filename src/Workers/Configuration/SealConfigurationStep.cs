using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Secrets;
using Saga.Registry.Settings;
using Saga.Registry.Tenants;
using Saga.Tenancy.Configuration;
using Saga.Tenancy.Sealing;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Configuration;

/// <summary>Opens the box with a tenant's own value, and stores the value sealed with the tenant's key. The compensation restores the tenant's settings as they were.</summary>
internal sealed class SealConfigurationStep(BoxKeys boxes, TenantSealer sealer, LeasedTransactions leases, RegistryNotifier notifier) : IStep
{
    public string Name => StepNames.SealConfiguration;

    public bool NeedsInput => true;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var command = context.Input<SetConfig>();
        var value = await OpenAsync(command, cancellationToken);
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            await TenantChangeRows.KeepSettingsAsync(transaction, context.OperationId, cancellationToken);
            var envelope = await sealer.SealAsync(transaction, context.TenantId, TenantSettings.Purpose(command.ConfigKey), value, cancellationToken);
            await TenantSettingRows.WriteOwnAsync(transaction, context.TenantId, command.ConfigKey, envelope, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        notifier.Notify(RegistryChannels.Tenants, context.TenantId.ToString());
        return new { Key = command.ConfigKey };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await TenantChangeRows.RestoreSettingsAsync(transaction, context.TenantId, context.OperationId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        notifier.Notify(RegistryChannels.Tenants, context.TenantId.ToString());
    }

    private async Task<byte[]> OpenAsync(SetConfig command, CancellationToken cancellationToken)
    {
        try
        {
            return await boxes.OpenAsync(BoxedConfig.Context(command), BoxedConfig.BoxOf(command), cancellationToken);
        }
        catch (SealingException error)
        {
            throw StepFailureException.Permanent("box-closed", error.Message, "Send the command again.", cause: error);
        }
    }
}
