using Microsoft.Extensions.Options;
using Saga.Contracts.Commands;
using Saga.Contracts.Events;
using Saga.Contracts.Steps;
using Saga.Registry.Audit;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Workers.Database.Restored;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Restore;

/// <summary>The pivot of a restore: announces the restored database once, and schedules its removal in the same transaction.</summary>
internal sealed class AnnounceRestoredStep(RestoredDatabases databases, LeasedTransactions leases, RegistryNotifier notifier, IOptions<BackupOptions> options) : IStep
{
    public string Name => StepNames.AnnounceRestored;

    public bool NeedsInput => true;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var restored = await databases.RequireAsync(context, cancellationToken);
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await RestoredStore.AnnounceAsync(transaction, context.TenantId, context.OperationId, TimeSpan.FromHours(options.Value.RestoredHours), cancellationToken) is not { } announced)
            return new { restored.Server, restored.Database, restored.RemoveAt };
        await AuditLog.WriteAsync(transaction, AuditActions.RestoreComplete, context.TenantId, context.OperationId, cancellationToken);
        await transaction.CommitAsync(
            [OutboxWriter.PublishCommand(new TenantRestored
            {
                TenantId = context.TenantId,
                Slug = context.Tenant.Slug,
                BackupId = restored.BackupId,
                Mode = context.Input<RestoreTenant>().Mode,
                Server = restored.Server,
                Database = restored.Database,
                RemoveAt = announced.RemoveAt,
                OperationId = context.OperationId,
                OccurredAt = announced.At,
            })],
            cancellationToken);
        notifier.Notify(RegistryChannels.Outbox);
        return new { restored.Server, restored.Database, announced.RemoveAt };
    }

    /// <summary>What was announced cannot be undone. An announcement that did not take effect left nothing.</summary>
    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await RestoredStore.IsAnnouncedAsync(transaction, context.OperationId, cancellationToken))
            throw StepFailureException.Permanent("restore-announced", "The restored database was announced.", "Resume the operation. A scheduled command removes the database.");
    }
}
