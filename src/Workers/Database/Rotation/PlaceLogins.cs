using Saga.Contracts.Identifiers;
using Saga.Registry.Drift;
using Saga.Tenancy.Sealing;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Database.Rotation;

/// <summary>Further logins for a place that a tenant has: each may do exactly what the one of provisioning may. Every call may be repeated. Thread-safe.</summary>
internal sealed class PlaceLogins(FencedSessions fenced, DatabaseServers servers, Installation installation)
{
    /// <param name="context">The attempt.</param>
    /// <param name="place">The place, with the new login as its own.</param>
    /// <param name="credential">The already stored credential, which the login must get.</param>
    /// <param name="connections">The login's connection limit.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    public async Task AddAsync(StepContext context, TenantSchema place, Credential credential, int connections, CancellationToken cancellationToken)
    {
        var memberOf = place.Placement.Tier switch
        {
            IsolationTier.Row => SharedRoles.RowUsers,
            IsolationTier.Schema => SharedRoles.Users(place.Database),
            _ => null,
        };
        await using (var session = await fenced.OpenAsync(context, place.Server, DatabaseServers.Maintenance, cancellationToken))
        {
            await TenantRoles.EnsureLoginAsync(session, credential, connections, await installation.IdAsync(cancellationToken), null, memberOf, cancellationToken);
            if (place.Placement.Tier == IsolationTier.Database)
                await session.ExecuteAsync($"grant connect, temporary on database {Sql.Name(place.Database)} to {Sql.Name(place.Login)}", cancellationToken);
            await TenantRoles.SetSearchPathAsync(session, place.Login, place.Database, place.Schema, cancellationToken);
        }

        await using (var session = await fenced.OpenAsync(context, place.Server, place.Database, cancellationToken))
        {
            // In the row tier the rights come with the membership.
            if (place.Placement.Tier != IsolationTier.Row)
                await session.ExecuteAsync(ProductTables.Grants(place.Schema, place.User), cancellationToken);
            await PlaceRows.WriteAsync(session, place.Placement, context.TenantId.Value, cancellationToken);
        }
    }

    /// <summary>Drops the login that a rotation left which did not end. Does nothing if there is none.</summary>
    /// <param name="context">The attempt.</param>
    /// <param name="place">The place, with the login that was given out.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    public Task DropOtherAsync(StepContext context, TenantSchema place, CancellationToken cancellationToken) =>
        DropAsync(context, TenantSchema.Of(place.Placement with { Login = CredentialNames.Other(place.Login) }), cancellationToken);

    /// <summary>Ends the login's sessions and drops it. Does nothing if there is none. The place and its rows stay.</summary>
    /// <param name="context">The attempt.</param>
    /// <param name="place">The place, with the login to drop as its own.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    public async Task DropAsync(StepContext context, TenantSchema place, CancellationToken cancellationToken)
    {
        await using (var session = await fenced.OpenAsync(context, place.Server, DatabaseServers.Maintenance, cancellationToken))
            await TenantRoles.CloseAsync(session, place.Login, cancellationToken);
        if (await servers.ExistsAsync(place.Server, place.Database, cancellationToken))
        {
            await using var session = await fenced.OpenAsync(context, place.Server, place.Database, cancellationToken);
            await PlaceRows.RemoveLoginAsync(session, place.Login, cancellationToken);
            await TenantRoles.DropOwnedAsync(session, place.Login, cancellationToken);
        }

        await using (var session = await fenced.OpenAsync(context, place.Server, DatabaseServers.Maintenance, cancellationToken))
            await TenantRoles.DropAsync(session, place.Login, cancellationToken);
    }
}
