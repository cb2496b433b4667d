using Saga.Contracts.Identifiers;
using Saga.Tenancy.Sealing;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Tiers;

/// <summary>A schema of the tenant's own in a shared database, with an owner nobody signs in as, and a login that uses it.</summary>
internal sealed class SchemaTier(SharedDatabases shared, DatabaseServers servers, FencedSessions fenced) : ITier
{
    public IsolationTier Tier => IsolationTier.Schema;

    public async Task MakeAsync(StepContext context, TenantSchema place, Credential credential, int connections, CancellationToken cancellation)
    {
        await shared.EnsureSchemasAsync(place.Server, place.Database, cancellation);
        await using (var session = await fenced.OpenAsync(context, place.Server, DatabaseServers.Maintenance, cancellation))
        {
            await TenantRoles.EnsureLoginAsync(session, credential, connections, place.Owner, SharedRoles.Users(place.Database), cancellation);
            await TenantRoles.SetSearchPathAsync(session, credential.Username, place.Database, place.Schema, cancellation);
        }

        await using (var session = await fenced.OpenAsync(context, place.Server, place.Database, cancellation))
        {
            await session.ExecuteAsync(
                $"""
                create schema if not exists {Sql.Name(place.Schema)} authorization {Sql.Name(place.Owner)};
                grant usage on schema {Sql.Name(place.Schema)} to {Sql.Name(place.User)};
                """,
                cancellation);
        }
    }

    public async Task UnmakeAsync(StepContext context, TenantSchema place, CancellationToken cancellation)
    {
        var names = TenantNames.Of(context.TenantId);
        await using (var session = await fenced.OpenAsync(context, place.Server, DatabaseServers.Maintenance, cancellation))
            await TenantRoles.CloseAsync(session, names.Login, cancellation);
        if (await servers.ExistsAsync(place.Server, place.Database, cancellation))
        {
            await using var session = await fenced.OpenAsync(context, place.Server, place.Database, cancellation);
            await session.ExecuteAsync($"drop schema if exists {Sql.Name(place.Schema)} cascade", cancellation);
            await TenantRoles.DropOwnedAsync(session, names.Login, cancellation);
            await TenantRoles.DropOwnedAsync(session, names.Owner, cancellation);
        }

        await using (var session = await fenced.OpenAsync(context, place.Server, DatabaseServers.Maintenance, cancellation))
        {
            await TenantRoles.DropAsync(session, names.Login, cancellation);
            await TenantRoles.DropAsync(session, names.Owner, cancellation);
        }
    }
}
