using System.Globalization;
using Saga.Contracts.Identifiers;
using Saga.Registry.Placements;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>
/// Brings the product's tables of two places to the same version. Tables that tenants share keep theirs, and a place of the tenant's own follows
/// them. Thread-safe.
/// </summary>
internal sealed class PlaceTables(ProductMigrator migrator, DatabaseServers servers, FencedSessions fenced)
{
    /// <summary>The version of the tables.</summary>
    public async Task<int> VersionAsync(TenantPlacement placement, CancellationToken cancellationToken)
    {
        await using var session = await servers.OpenAsync(placement.Place.Server, placement.Place.Database, cancellationToken);
        return await ProductMigrator.VersionAsync(session, placement.Place.Schema, cancellationToken) ?? 0;
    }

    /// <summary>Brings the platform's part of the place to this version, and the product's tables of a place that is the tenant's own.</summary>
    /// <param name="context">The step's context.</param>
    /// <param name="placement">The place.</param>
    /// <param name="version">The version of the product's tables; the newest when null. Tables of a newer one stay as they are.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    /// <returns>The version that the tables have now.</returns>
    public async Task<int> UpdateAsync(StepContext context, TenantPlacement placement, int? version, CancellationToken cancellationToken)
    {
        var place = TenantSchema.Of(placement);
        await using var session = await fenced.OpenAsync(context, place.Server, place.Database, cancellationToken);
        await PlaceSchema.EnsureAsync(session, cancellationToken);
        var applied = placement.Tier == IsolationTier.Row
            ? await migrator.JoinAsync(session, place.Schema, place.Owner, place.User, cancellationToken)
            : await migrator.MigrateAsync(session, place.Schema, place.Owner, place.User, cancellationToken, version: version);
        return applied[^1].Version;
    }

    /// <summary>Requires that rows fit from one place into the other.</summary>
    /// <exception cref="StepFailureException">The tables have different versions: <c>place-behind</c>.</exception>
    public static void RequireSame(int from, int to, TenantPlacement shared)
    {
        if (from != to)
        {
            throw StepFailureException.Permanent(
                "place-behind",
                string.Create(CultureInfo.InvariantCulture, $"The tables from which the tenant's rows come have version {from} of the product, and those to which they go have version {to}. Tenants share the tables on server '{shared.Place.Server}', so a single tenant does not change their version."),
                "Upgrade the shared tables with POST /api/v1/fleet/upgrades, then send the command again.");
        }
    }
}
