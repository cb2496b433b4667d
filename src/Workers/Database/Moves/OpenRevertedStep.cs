using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Replicas;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>
/// Admits the logins of the place that the tenant went back to, lifts the hold, announces the move once, and cancels the removal of that place. Then
/// makes the login for read replicas, or drops it, according to the tenant's current setting.
/// </summary>
internal sealed class OpenRevertedStep(
    MovePlaces places, MoveOpening opening, FencedSessions fenced, PlacementReplica replica, PlanStore plans, LeasedTransactions leases, RegistryClock clock) : IStep
{
    public string Name => StepNames.OpenReverted;

    public IReadOnlyList<string> Needs => [StepNames.BeginRevert];

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (from, to) = (await places.FromAsync(context, StepNames.BeginRevert, cancellationToken), await places.ToAsync(context, StepNames.BeginRevert, cancellationToken));
        // Before the hold is lifted, because the tenant works through this login. The plan may have changed since the login was barred.
        var plan = await plans.FindAsync(context.Tenant.Plan, context.Tenant.PlanVersion, cancellationToken)
            ?? throw StepFailureException.Permanent("plan-unknown", $"Plan '{context.Tenant.Plan}' is not known.", "Restore the plan in the registry, then replay the operation.");
        await using (var session = await fenced.OpenAsync(context, to.Place.Server, DatabaseServers.Maintenance, cancellationToken))
        {
            await TenantRoles.LimitAsync(session, to.Login, plan.Limits.DatabaseConnections, cancellationToken);
            await TenantRoles.AdmitAsync(session, to.Login, cancellationToken);
        }

        if (context.Tenant.ReadReplica)
            await replica.AdmitAsync(context.On(to), cancellationToken);

        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            // The place that was left is removed by the next step, so it is kept until now.
            if (await PlacementStore.KeepAsync(transaction, from.Id, context.OperationId, TimeSpan.Zero, clock.Offset, cancellationToken) is { } at)
                await opening.CommitAsync(transaction, context, from, to, at, [CopyRemovals.CancelCommand(context.TenantId, to.Id, context.OperationId)], cancellationToken);
        }

        await opening.OpenAsync(context, from, cancellationToken);
        // Last, because a replica that is away must not keep the tenant closed. The wish and the server's replicas may have changed since the move.
        // A hold that was set meanwhile may have closed the place again, so the login is not tried.
        if (context.Tenant.ReadReplica && replica.IsOffered(to.Place.Server))
            await replica.CreateAsync(context.On(to), isOpen: false, cancellationToken);
        else
            await replica.RemoveAsync(context.On(to), cancellationToken);
        return new { to.Place.Server, to.Tier };
    }

    /// <summary>It follows the pivot, so it is never undone.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
