using Saga.Registry.Placements;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>Brings the product's tables of an existing place to this version, so that two places have the same tables. Thread-safe.</summary>
internal sealed class PlaceTables(ProductMigrator migrator, FencedSessions fenced)
{
    public async Task UpdateAsync(StepContext context, TenantPlacement placement, CancellationToken cancellationToken)
    {
        var place = TenantSchema.Of(placement);
        await using var session = await fenced.OpenAsync(context, place.Server, place.Database, cancellationToken);
        await PlaceSchema.EnsureAsync(session, cancellationToken);
        await migrator.MigrateAsync(session, place.Schema, place.Owner, place.User, cancellationToken);
    }
}
