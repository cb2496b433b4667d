using Saga.Contracts.Identifiers;
using Saga.Registry.Drift;
using Saga.Tenancy.Sealing;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Tiers;

/// <summary>The tenant's own schema in a shared database, with an owner role without login and a login that uses it.</summary>
internal sealed class SchemaTier(SharedDatabases shared, DatabaseServers servers, FencedSessions fenced, Installation installation) : ITier
{
    public IsolationTier Tier => IsolationTier.Schema;

    public async Task CreateAsync(StepContext context, TenantSchema place, Credential credential, int connections, int? version, CancellationToken cancellationToken)
    {
        await shared.EnsureSchemasAsync(place.Server, place.Database, cancellationToken);
        await using (var session = await fenced.OpenAsync(context, place.Server, DatabaseServers.Maintenance, cancellationToken))
        {
            await TenantRoles.EnsureLoginAsync(session, credential, connections, await installation.IdAsync(cancellationToken), place.Owner, SharedRoles.Users(place.Database), cancellationToken);
            await TenantRoles.SetSearchPathAsync(session, credential.Username, place.Database, place.Schema, cancellationToken);
        }

        await using (var session = await fenced.OpenAsync(context, place.Server, place.Database, cancellationToken))
        {
            await session.ExecuteAsync(
                $"""
                create schema if not exists {Sql.Name(place.Schema)} authorization {Sql.Name(place.Owner)};
                grant usage on schema {Sql.Name(place.Schema)} to {Sql.Name(place.User)};
                """,
                cancellationToken);
            await PlaceSchema.EnsureAsync(session, cancellationToken);
            await PlaceRows.WriteAsync(session, place.Placement, context.TenantId.Value, cancellationToken);
        }
    }

    public async Task DropAsync(StepContext context, TenantSchema place, CancellationToken cancellationToken)
    {
        await using (var session = await fenced.OpenAsync(context, place.Server, DatabaseServers.Maintenance, cancellationToken))
            await TenantRoles.CloseAsync(session, place.Login, cancellationToken);
        if (await servers.ExistsAsync(place.Server, place.Database, cancellationToken))
        {
            await using var session = await fenced.OpenAsync(context, place.Server, place.Database, cancellationToken);
            // In a database that others use, too, nothing of theirs goes with the schema.
            if (SharedRoles.IsAdopted(place.Database))
                await OutsideObjects.RequireNoneAsync(session, place, cancellationToken);
            await session.ExecuteAsync($"drop schema if exists {Sql.Name(place.Schema)} cascade", cancellationToken);
            await PlaceRows.RemoveAsync(session, context.TenantId.Value, cancellationToken);
            await TenantRoles.DropOwnedAsync(session, place.Login, cancellationToken);
            await TenantRoles.DropOwnedAsync(session, place.Owner, cancellationToken);
        }

        await using (var session = await fenced.OpenAsync(context, place.Server, DatabaseServers.Maintenance, cancellationToken))
        {
            await TenantRoles.DropAsync(session, place.Login, cancellationToken);
            await TenantRoles.DropAsync(session, place.Owner, cancellationToken);
            // The last adopted schema of a database takes the role of its tenants with it.
            if (SharedRoles.IsAdopted(place.Database))
            {
                await AdoptedRole.WaitAsync(session, place.Database, cancellationToken);
                await AdoptedRole.DropUnusedAsync(session, place.Database, cancellationToken);
            }
        }
    }
}
