using Saga.Contracts.Events;
using Saga.Contracts.Steps;
using Saga.Registry.Audit;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Expiry;

/// <summary>Destroys the backup key of a tenant that is gone, after its last backup.</summary>
internal sealed class DestroyBackupKeysStep(LeasedTransactions leases, RegistryNotifier notifier, TimeProvider time) : IStep
{
    public string Name => StepNames.DestroyBackupKeys;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await BackupExpiryRows.DestroyKeysAsync(transaction, context.TenantId, cancellationToken) is not { } versions)
        {
            throw StepFailureException.Permanent(
                "backups-kept", $"Tenant '{context.Tenant.Slug}' has backups that were not removed, and its backup key opens them.", $"Retry the operation from the step {StepNames.ExpireBackups}.");
        }

        // An earlier attempt has done it.
        if (versions == 0)
            return new { Versions = versions };
        await AuditLog.WriteAsync(transaction, AuditActions.BackupKeysDestroy, context.TenantId, context.OperationId, cancellationToken);
        await transaction.CommitAsync(
            [OutboxWriter.PublishCommand(new TenantBackupKeyDestroyed
            {
                TenantId = context.TenantId,
                Slug = context.Tenant.Slug,
                OperationId = context.OperationId,
                OccurredAt = time.GetUtcNow(),
            })],
            cancellationToken);
        notifier.Notify(RegistryChannels.Outbox);
        return new { Versions = versions };
    }

    /// <summary>Never asked for: the workflow only goes forward.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
