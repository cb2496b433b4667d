using Npgsql;
using Saga.Contracts.Events;
using Saga.Contracts.Identifiers;
using Saga.Registry.Audit;
using Saga.Registry.Holds;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Registry.Placements;
using Saga.Tenancy.Connections;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Replicas;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>What ends a move after the tenant was routed to another place. Thread-safe.</summary>
internal sealed class MoveOpening(PlaceModes modes, TenantConnections connections, PlacementReplica replica, FencedSessions fenced, RegistryNotifier notifier)
{
    /// <summary>Lifts the hold and announces the move, in one transaction with <paramref name="further"/>. Call it once per move.</summary>
    public async Task CommitAsync(
        LeasedTransaction transaction, StepContext context, TenantPlacement from, TenantPlacement to, DateTimeOffset at, IReadOnlyList<NpgsqlBatchCommand> further,
        CancellationToken cancellationToken)
    {
        await AuditLog.WriteAsync(transaction, AuditActions.TenantMove, context.TenantId, context.OperationId, cancellationToken);
        await transaction.CommitAsync(
            [
                HoldStore.LiftCommand(context.TenantId, HoldCode.Move, MoveHold.Actor, $"Operation {context.OperationId} has moved the tenant's rows."),
                OutboxWriter.PublishCommand(new TenantMoved
                {
                    TenantId = context.TenantId,
                    Slug = context.Tenant.Slug,
                    FromServer = from.Place.Server,
                    FromTier = from.Tier,
                    ToServer = to.Place.Server,
                    ToTier = to.Tier,
                    OperationId = context.OperationId,
                    OccurredAt = at,
                }),
                .. further,
            ],
            cancellationToken);
        notifier.Notify(RegistryChannels.Outbox);
    }

    /// <summary>Brings the places to the mode and epoch that they have now, and bars the logins of the former one. It may be repeated.</summary>
    public async Task OpenAsync(StepContext context, TenantPlacement former, CancellationToken cancellationToken)
    {
        await modes.WriteAsync(context.Tenant, cancellationToken);
        // Pools of this process still lead to the former place.
        await connections.CloseAsync(context.TenantId);
        await using (var session = await fenced.OpenAsync(context, former.Place.Server, DatabaseServers.Maintenance, cancellationToken))
            await TenantRoles.CloseAsync(session, former.Login, cancellationToken);
        await replica.BarAsync(context.On(former), cancellationToken);
    }
}
