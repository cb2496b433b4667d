using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database;

/// <summary>
/// Migrates the tenant's tables to the newest version, writes the tenant's first rows, and records the versions in the registry. Tables that
/// tenants share keep the version that they have: a newcomer joins it.
/// </summary>
internal sealed class MigrateStep(FencedSessions fenced, ProductMigrator migrator, ProductSeeds seeds, ProductRelease release, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.Migrate;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => ExecuteAsync(context, null, cancellationToken);

    /// <param name="context">The step's context.</param>
    /// <param name="upTo">The version of the tables, if they are the tenant's own; the newest when null.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    public async Task<object?> ExecuteAsync(StepContext context, int? upTo, CancellationToken cancellationToken)
    {
        var place = TenantSchema.Of(DatabaseStep.PlacementOf(context.Tenant));
        await release.EnsureAsync(place.Server, cancellationToken);
        IReadOnlyList<AppliedMigration> applied;
        await using (var session = await fenced.OpenAsync(context, place.Server, place.Database, cancellationToken))
        {
            // Before the policies, without which a database of an earlier version would show the tenant nothing.
            await PlaceSchema.EnsureAsync(session, cancellationToken);
            await PlaceRows.WriteAsync(session, place.Placement, context.TenantId.Value, cancellationToken);
            applied = place.Placement.Tier == IsolationTier.Row
                ? await migrator.JoinAsync(session, place.Schema, place.Owner, place.User, cancellationToken)
                : await migrator.MigrateAsync(session, place.Schema, place.Owner, place.User, cancellationToken, version: upTo);
            await ProductTables.RegisterAsync(session, place.Schema, context.TenantId.Value, cancellationToken);
            await seeds.WriteAsync(session, place, context.TenantId, context.Tenant.Plan, cancellationToken);
        }

        var version = applied[^1].Version;
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await TenantMigrationRows.AddAsync(
            transaction, context.TenantId, place.Placement.Id, [.. applied.Select(m => new TenantMigration(m.Version, m.Name, m.Checksum))], cancellationToken);
        await PlacementStore.SetSchemaVersionAsync(transaction, context.TenantId, place.Placement.Id, version, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new { Version = version };
    }

    /// <summary>Deletes only the record. The compensation of the database step, which follows, removes the tables with the database, the schema or the rows.</summary>
    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (context.Tenant.Placed is not { } placement)
            return;
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await TenantMigrationRows.DeleteAsync(transaction, placement.Id, cancellationToken);
        await PlacementStore.SetSchemaVersionAsync(transaction, context.TenantId, placement.Id, null, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
