using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Replicas;
using Saga.Workers.Database.Upgrades;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>
/// Creates the new place with its login, the one for read replicas if the tenant has one, and the product's tables, as provisioning does, and brings the tables of the former place to the
/// same version. Of shared tables that is the one that they have: the tenant's own place follows. Nobody is routed to the new place yet.
/// </summary>
internal sealed class CreateMoveStep(MovePlaces places, DatabaseStep database, MigrateStep migrate, PlacementReplica replica, PlaceTables tables, PlaceUse use) : IStep
{
    public string Name => StepNames.CreateMove;

    public IReadOnlyList<string> Needs => [StepNames.ReserveMove];

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (from, to) = (await places.FromAsync(context, StepNames.ReserveMove, cancellationToken), await places.ToAsync(context, StepNames.ReserveMove, cancellationToken));
        await use.BeginAsync(context, cancellationToken, from, to);
        int? shared = from.Tier == IsolationTier.Row ? await tables.VersionAsync(from, cancellationToken) : null;
        await database.ExecuteAsync(context.On(to), shared, cancellationToken);
        await migrate.ExecuteAsync(context.On(to), shared, cancellationToken);
        if (context.Tenant.ReadReplica && replica.IsOffered(to.Place.Server))
            await replica.CreateAsync(context.On(to), isOpen: true, cancellationToken);
        var version = await tables.VersionAsync(to, cancellationToken);
        PlaceTables.RequireSame(await tables.UpdateAsync(context, from, version, cancellationToken), version, to.Tier == IsolationTier.Row ? to : from);
        return new { to.Place.Server, to.Place.Database, to.Place.Schema, to.Tier };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        var to = await places.ToAsync(context, StepNames.ReserveMove, cancellationToken);
        await replica.RemoveAsync(context.On(to), cancellationToken);
        await migrate.CompensateAsync(context.On(to), cancellationToken);
        await database.CompensateAsync(context.On(to), cancellationToken);
    }
}
