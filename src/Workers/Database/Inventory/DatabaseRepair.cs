using Saga.Contracts.Identifiers;
using Saga.Engine.Drift;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Drift;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Inventory;

/// <summary>Repairs tenants' databases, schemas, roles and places, under the locks of the steps that create and drop them.</summary>
internal sealed class DatabaseRepair(
    DatabaseInventory inventory, DatabaseServers servers, FencedSessions fenced, TenantStore tenants, DatabaseStep creation, PlaceModes modes, PlaceModeStore wanted) : IResourceRepair
{
    public IInventory Inventory => inventory;

    public async Task<IRepairSession> OpenAsync(StepContext context, DriftKey key, Guid? owner, Guid installation, CancellationToken cancellationToken)
    {
        // What bears no id has a lock of its own.
        Task<ServerSession> Session(CancellationToken token) => fenced.OpenAsync(context, owner ?? Guid.Empty, key.Server!, DatabaseOf(key), token);
        return new DatabaseRepairSession(await Session(cancellationToken), Session, servers, key, new(installation, null), (finding, token) => CreateAsync(context, finding, token), (finding, token) => SetModeAsync(finding, token));
    }

    private static string DatabaseOf(DriftKey key) => key.Resource switch
    {
        DriftResources.Schema => DriftResources.SchemaIn(key).Database,
        DriftResources.Place => DriftResources.DatabaseOfPlace(key),
        _ => DatabaseServers.Maintenance,
    };

    // The step of provisioning keeps what is there. It would also make an empty database or schema in place of a lost one, so that is looked at first.
    private async Task CreateAsync(StepContext context, DriftFinding finding, CancellationToken cancellationToken)
    {
        var tenant = await RequireAsync(finding, cancellationToken);
        var place = tenant.Placed!.Place;
        if (tenant.Placed.Tier switch { IsolationTier.Schema => SharedRoles.IsAdopted(place.Database), IsolationTier.Database => DatabaseInventory.IdIn(place.Database, DatabaseInventory.TenantPrefix) is null, _ => false })
        {
            throw DriftFailures.NotMade(
                $"The tenant's place in '{place.Database}' was adopted, and provisioning would make it like its own.", "Rotate the tenant's credentials, which makes another login: POST /api/v1/tenants/{idOrSlug}/rotate-credentials.");
        }

        if (!await servers.ExistsAsync(place.Server, place.Database, cancellationToken))
            throw Lost($"The database '{place.Database}'");
        await using (var session = await servers.OpenAsync(place.Server, place.Database, cancellationToken))
        {
            if (!await session.ScalarAsync<bool>("select exists (select from pg_namespace where nspname = @Schema)", cancellationToken, new { place.Schema }))
                throw Lost($"The schema '{place.Schema}'");
        }

        var one = context.For(tenant, context.Inputs);
        await creation.ExecuteAsync(one, cancellationToken);
        if (tenant.Placed.Owner is not null)
        {
            // The rights on tables went with the role. In the row tier they belong to a role that the tenants share.
            await using var session = await fenced.OpenAsync(one, place.Server, place.Database, cancellationToken);
            await session.ExecuteAsync(ProductTables.Grants(place.Schema, tenant.Placed.Login), cancellationToken);
        }

        await SetModeAsync(finding, cancellationToken);
    }

    private async Task SetModeAsync(DriftFinding finding, CancellationToken cancellationToken)
    {
        var tenant = await RequireAsync(finding, cancellationToken);
        var place = tenant.Placed!.Place;
        // A place that the registry has not written lately is not due.
        await wanted.BeginAsync(new(tenant.Id.Value, place.Server, place.Database), cancellationToken);
        await modes.WriteAsync(tenant, cancellationToken);
    }

    private async Task<Tenant> RequireAsync(DriftFinding finding, CancellationToken cancellationToken)
    {
        var tenant = finding.Tenant is { } id ? await tenants.FindAsync(new TenantId(id), cancellationToken) : null;
        var isCurrent = tenant?.Placed is { } placed && placed.Place.Server == finding.Key.Server
            && (finding.Key.Resource == DriftResources.Place ? DriftResources.DatabaseOfPlace(finding.Key) == placed.Place.Database : finding.Key.Name == placed.Login);
        return isCurrent ? tenant! : throw DriftFailures.NotMade(
            $"'{finding.Key.Name}' does not belong to the tenant's current place.", "A kept copy goes with its scheduled removal. A login for read replicas is made again by turning the tenant's readReplica off and on.");
    }

    private static StepFailureException Lost(string what) => DriftFailures.NotMade(
        $"{what} is gone, too, and an empty one in its place would look as if nothing had happened.", "Restore the tenant from a backup: POST /api/v1/tenants/{idOrSlug}/restore.");
}
