using Microsoft.Extensions.Options;
using Saga.Contracts.Commands;
using Saga.Contracts.Events;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Audit;
using Saga.Registry.Backups;
using Saga.Registry.Backups.OfRegistry;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Expiry;

/// <summary>
/// Destroys the backup key of a tenant that is gone, after its last backup. While backups of the registry have it, it can be had back from them, so
/// the step schedules its own command again for when the last of them has expired, and only then says that the key is destroyed.
/// </summary>
internal sealed class DestroyBackupKeysStep(LeasedTransactions leases, RegistryNotifier notifier, IOptions<RegistryBackupOptions> registry, TimeProvider time) : IStep
{
    // Retention looks every hour, and a removal takes some time.
    private static readonly TimeSpan Slack = TimeSpan.FromHours(2);

    // An expired copy that is still there, because it is the last one, or because its removal failed.
    private static readonly TimeSpan Again = TimeSpan.FromDays(1);

    public string Name => StepNames.DestroyBackupKeys;

    public bool NeedsInput => true;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        // The command may have waited for an operation that restored the tenant, which needs its backups.
        if (context.Tenant.Status != TenantStatus.Deprovisioned)
            return new { KeptBecause = "The tenant was restored." };
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        var removal = context.Input<DestroyBackups>().Removal;
        if (await BackupExpiryRows.DestroyKeysAsync(transaction, context.TenantId, removal, cancellationToken) is not { } keys)
        {
            throw StepFailureException.Permanent(
                "backups-kept", $"Tenant '{context.Tenant.Slug}' has backups that were not removed, and its backup key opens them.", $"Retry the operation from the step {StepNames.ExpireBackups}.");
        }

        if (keys.LastCopyFrom is { } last)
        {
            var due = last.AddDays(registry.Value.KeepDays) + Slack;
            var at = due > keys.Now ? due : keys.Now + Again;
            // An earlier attempt may have scheduled it.
            await transaction.CommitAsync(keys.Awaited ? [] : BackupDestruction.ScheduleCommands(context.TenantId, removal, at, keys.Now), cancellationToken);
            return new { keys.Versions, InRegistryBackupsUntil = at };
        }

        // An earlier attempt has done it.
        if (!keys.Gone)
            return new { keys.Versions };
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
        return new { keys.Versions, Gone = true };
    }

    /// <summary>Never asked for: the workflow only goes forward.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
