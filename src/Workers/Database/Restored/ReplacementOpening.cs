using Microsoft.Extensions.Options;
using Saga.Contracts.Commands;
using Saga.Contracts.Events;
using Saga.Contracts.Identifiers;
using Saga.Registry;
using Saga.Registry.Audit;
using Saga.Registry.Holds;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Registry.Placements;
using Saga.Workers.Database.Moves;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Restored;

/// <summary>What ends the pause of a restore. Thread-safe.</summary>
internal sealed class ReplacementOpening(MoveOpening opening, LeasedTransactions leases, RegistryNotifier notifier, IOptions<MovesOptions> options, RegistryClock clock)
{
    /// <summary>Lifts the hold, announces the restore once, schedules the removal of what was replaced, and bars its login. It may be repeated.</summary>
    /// <param name="context">The step's context, with the command.</param>
    /// <param name="kept">The placement with what was replaced.</param>
    /// <param name="current">The tenant's placement.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    /// <returns>The step's output.</returns>
    public async Task<object> RunAsync(StepContext context, TenantPlacement kept, TenantPlacement current, CancellationToken cancellationToken)
    {
        var keep = TimeSpan.FromHours(options.Value.KeepHours);
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            if (await PlacementStore.KeepAsync(transaction, kept.Id, context.OperationId, keep, clock.Offset, cancellationToken) is { } until)
            {
                await AuditLog.WriteAsync(transaction, AuditActions.RestoreComplete, context.TenantId, context.OperationId, cancellationToken);
                await transaction.CommitAsync(
                    [
                        HoldStore.LiftCommand(context.TenantId, HoldCode.Restore, MoveHold.Actor, $"Operation {context.OperationId} has replaced the tenant's rows."),
                        OutboxWriter.PublishCommand(new TenantRestored
                        {
                            TenantId = context.TenantId,
                            Slug = context.Tenant.Slug,
                            BackupId = context.Input<RestoreTenant>().BackupId,
                            Mode = context.Input<RestoreTenant>().Mode,
                            Server = current.Place.Server,
                            Database = current.Place.Database,
                            RemoveAt = until,
                            OperationId = context.OperationId,
                            OccurredAt = until - keep,
                        }),
                        .. CopyRemovals.ScheduleCommands(context.TenantId, kept.Id, context.OperationId, until, until - keep),
                    ],
                    cancellationToken);
                notifier.Notify(RegistryChannels.Outbox);
            }
        }

        await opening.OpenAsync(context, kept, cancellationToken);
        return new { current.Place.Server, current.Place.Database };
    }
}
