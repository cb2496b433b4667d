using Microsoft.Extensions.Options;
using Saga.Contracts.Commands;
using Saga.Contracts.Events;
using Saga.Contracts.Steps;
using Saga.Registry.Audit;
using Saga.Registry.Backups;
using Saga.Registry.Deprovisionings;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Registry.Schedule;
using Saga.Workers.Database;
using Saga.Workers.Database.Restored;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Restore.Revival;

/// <summary>Announces the restore once, keeps the tenant's backups from being destroyed, and ends the reservation of its names, all in one transaction.</summary>
internal sealed class EndRevivalStep(RestoredDatabases databases, LeasedTransactions leases, RegistryNotifier notifier, IOptions<BackupOptions> options) : IStep
{
    public string Name => StepNames.EndRevival;

    public bool NeedsInput => true;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var place = DatabaseStep.PlacementOf(context.Tenant).Place;
        var restored = await databases.RequireAsync(context, cancellationToken);
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await RestoredStore.AnnounceAsync(transaction, context.TenantId, context.OperationId, TimeSpan.FromHours(options.Value.RestoredHours), cancellationToken) is not { } announced)
            return new { place.Server, place.Database };
        await AuditLog.WriteAsync(transaction, AuditActions.RestoreComplete, context.TenantId, context.OperationId, cancellationToken);
        await transaction.CommitAsync(
            [
                RevivalRows.EndCommand(context.TenantId),
                ScheduleStore.CancelAllCommand([BackupDestruction.Kind], context.TenantId, $"operation:{context.OperationId:d}", "The tenant was restored."),
                OutboxWriter.PublishCommand(new TenantRestored
                {
                    TenantId = context.TenantId,
                    Slug = context.Tenant.Slug,
                    BackupId = restored.BackupId,
                    Mode = context.Input<RestoreTenant>().Mode,
                    Server = place.Server,
                    Database = place.Database,
                    RemoveAt = announced.RemoveAt,
                    OperationId = context.OperationId,
                    OccurredAt = announced.At,
                }),
            ],
            cancellationToken);
        notifier.Notify(RegistryChannels.Outbox);
        return new { place.Server, place.Database };
    }

    /// <summary>It follows the pivot, so it is never undone.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
