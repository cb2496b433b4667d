using Saga.Contracts.Identifiers;
using Saga.Registry.Drift;
using Saga.Tenancy.Sealing;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Tiers;

/// <summary>Shared tables under row-level security, whose policies tie the login to the tenant.</summary>
internal sealed class RowTier(SharedDatabases shared, DatabaseServers servers, FencedSessions fenced, DatabaseVerification verification, Installation installation) : ITier
{
    public IsolationTier Tier => IsolationTier.Row;

    public async Task CreateAsync(StepContext context, TenantSchema place, Credential credential, int connections, int? version, CancellationToken cancellationToken)
    {
        await shared.EnsureRowsAsync(place.Server, cancellationToken);
        await using (var session = await fenced.OpenAsync(context, place.Server, DatabaseServers.Maintenance, cancellationToken))
        {
            await TenantRoles.EnsureLoginAsync(session, credential, connections, await installation.IdAsync(cancellationToken), null, SharedRoles.RowUsers, cancellationToken);
            await TenantRoles.SetSearchPathAsync(session, credential.Username, place.Database, place.Schema, cancellationToken);
        }

        await using (var session = await fenced.OpenAsync(context, place.Server, place.Database, cancellationToken))
        {
            await PlaceRows.WriteAsync(session, place.Placement, context.TenantId.Value, cancellationToken);
            await ProductTables.RegisterAsync(session, place.Schema, context.TenantId.Value, cancellationToken);
        }

        // Verification signs in where the tenant is routed, which a place beside its current one is not.
        if (context.Tenant.Status == TenantStatus.Provisioning)
            await verification.VerifyIsolationAsync(context, cancellationToken);
    }

    public async Task DropAsync(StepContext context, TenantSchema place, CancellationToken cancellationToken)
    {
        var login = place.Login;
        await using (var session = await fenced.OpenAsync(context, place.Server, DatabaseServers.Maintenance, cancellationToken))
            await TenantRoles.CloseAsync(session, login, cancellationToken);
        if (await servers.ExistsAsync(place.Server, place.Database, cancellationToken))
        {
            await using var session = await fenced.OpenAsync(context, place.Server, place.Database, cancellationToken);
            await ProductTables.DeleteRowsAsync(session, place.Schema, context.TenantId.Value, cancellationToken);
            // After the rows, which are deleted as this tenant's.
            await PlaceRows.RemoveAsync(session, context.TenantId.Value, cancellationToken);
            await TenantRoles.DropOwnedAsync(session, login, cancellationToken);
        }

        await using (var session = await fenced.OpenAsync(context, place.Server, DatabaseServers.Maintenance, cancellationToken))
            await TenantRoles.DropAsync(session, login, cancellationToken);
    }
}
