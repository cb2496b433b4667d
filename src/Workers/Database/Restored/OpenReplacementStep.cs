using Microsoft.Extensions.Options;
using Saga.Contracts.Commands;
using Saga.Contracts.Events;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Audit;
using Saga.Registry.Holds;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Moves;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Restored;

/// <summary>Ends the pause: lifts the hold, announces the restore once, schedules the removal of what was replaced, and bars its login.</summary>
internal sealed class OpenReplacementStep(
    MovePlaces places, MoveOpening opening, LeasedTransactions leases, RegistryNotifier notifier, IOptions<MovesOptions> options, RegistryClock clock) : IStep
{
    public string Name => StepNames.OpenReplacement;

    public IReadOnlyList<string> Needs => [StepNames.ReserveMove];

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (from, to) = (await places.FromAsync(context, StepNames.ReserveMove, cancellationToken), await places.ToAsync(context, StepNames.ReserveMove, cancellationToken));
        var keep = TimeSpan.FromHours(options.Value.KeepHours);
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            if (await PlacementStore.KeepAsync(transaction, from.Id, context.OperationId, keep, clock.Offset, cancellationToken) is { } until)
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
                            Server = to.Place.Server,
                            Database = to.Place.Database,
                            RemoveAt = until,
                            OperationId = context.OperationId,
                            OccurredAt = until - keep,
                        }),
                        .. CopyRemovals.ScheduleCommands(context.TenantId, from.Id, context.OperationId, until, until - keep),
                    ],
                    cancellationToken);
                notifier.Notify(RegistryChannels.Outbox);
            }
        }

        await opening.OpenAsync(context, from, cancellationToken);
        return new { to.Place.Server, to.Place.Database };
    }

    /// <summary>It follows the pivot, so it is never undone.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
