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

/// <summary>Migrates the tenant's tables to the newest version, writes the tenant's first rows, and records the versions in the registry.</summary>
internal sealed class MigrateStep(FencedSessions fenced, ProductMigrator migrator, ProductSeeds seeds, ProductRelease release, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.Migrate;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var place = TenantSchema.Of(DatabaseStep.PlacementOf(context.Tenant));
        await release.EnsureAsync(place.Server, cancellationToken);
        IReadOnlyList<AppliedMigration> applied;
        await using (var session = await fenced.OpenAsync(context, place.Server, place.Database, cancellationToken))
        {
            // Before the policies, without which a database of an earlier version would show the tenant nothing.
            await PlaceSchema.EnsureAsync(session, cancellationToken);
            await PlaceRows.WriteAsync(session, place.Placement, context.TenantId.Value, cancellationToken);
            applied = await migrator.MigrateAsync(session, place.Schema, place.Owner, place.User, cancellationToken);
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
