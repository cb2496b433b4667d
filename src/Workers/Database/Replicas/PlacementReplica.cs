using System.Security.Cryptography;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Drift;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Secrets;
using Saga.Tenancy.Connections;
using Saga.Tenancy.Sealing;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Rotation;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Database.Replicas;

/// <summary>
/// The read-only login of the tenant's placement, <see cref="StepContext.Tenant"/>'s <c>Placed</c>. It is made on the server, which replicates it. Every call may be
/// repeated, and those that end something do nothing for a placement without it. Thread-safe.
/// </summary>
internal sealed class PlacementReplica(
    FencedSessions fenced, DatabaseServers servers, SharedDatabases shared, PlaceLogins logins, ReplicaServers replicas, ReplicaTrial trial, PlanStore plans, CredentialStore credentials,
    TenantConnections connections, LeasedTransactions leases, Installation installation)
{
    /// <summary>Whether tenants on the server may have a read replica.</summary>
    public bool IsOffered(string server) => replicas.NamesOf(server).Count > 0;

    /// <summary>Makes the login, waits until the replicas have it, tries it there, and shows it to runtimes.</summary>
    /// <param name="context">The attempt.</param>
    /// <param name="isOpen">Whether the place is open; otherwise the login cannot be tried.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The login.</returns>
    public async Task<string> CreateAsync(StepContext context, bool isOpen, CancellationToken cancellationToken)
    {
        var placement = DatabaseStep.PlacementOf(context.Tenant);
        if (!IsOffered(placement.Place.Server))
        {
            throw StepFailureException.Permanent(
                "no-replica", $"Database server '{placement.Place.Server}' has no read replica.", $"Declare one as Saga:Databases:Servers:{placement.Place.Server}:Replicas:<name>, or send the command without readReplica.");
        }

        var credential = await MakeAsync(context, placement, KeyOf(context, placement), ReplicaLogin.First(placement), isOpen, cancellationToken);
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await ReplicaRows.ShowAsync(transaction, placement.Id, ready: true, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return credential.Username;
    }

    /// <summary>Makes the login that a rotation is going to show. Does nothing if the placement has none to replace.</summary>
    public async Task CreateNextAsync(StepContext context, CancellationToken cancellationToken)
    {
        var placement = DatabaseStep.PlacementOf(context.Tenant);
        var key = KeyOf(context, placement);
        if (await FindAsync(context, key, cancellationToken) is { } current)
            await MakeAsync(context, placement, CredentialStore.NextOf(key), ReplicaLogin.Other(current.Username), isOpen: true, cancellationToken);
    }

    /// <summary>Drops the login that a rotation has made and not shown.</summary>
    public Task DropNextAsync(StepContext context, CancellationToken cancellationToken) => DropAsync(context, CredentialStore.NextOf, cancellationToken);

    /// <summary>Drops the login that a rotation has replaced.</summary>
    public Task DropFormerAsync(StepContext context, CancellationToken cancellationToken) => DropAsync(context, CredentialStore.FormerOf, cancellationToken);

    /// <summary>Hides the login from runtimes, then bars and drops it, and those that a rotation has left.</summary>
    public async Task RemoveAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (context.Tenant.Placed is not { } placement)
            return;
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            await ReplicaRows.ShowAsync(transaction, placement.Id, ready: false, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        foreach (var login in await BarAsync(context, cancellationToken))
            await logins.DropAsync(context, TenantSchema.Of(placement with { Login = login }), cancellationToken);
        // Last, so that no password is forgotten whose login may still exist.
        var key = KeyOf(context, placement);
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            foreach (var gone in (CredentialKey[])[key, CredentialStore.NextOf(key), CredentialStore.FormerOf(key)])
                await CredentialStore.DeleteAsync(transaction, gone, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
    }

    /// <summary>The login may not sign in any more, on no replica, and its sessions are ended.</summary>
    /// <returns>The logins that there are.</returns>
    public async Task<IReadOnlyList<string>> BarAsync(StepContext context, CancellationToken cancellationToken) =>
        context.Tenant.Placed is { } placement ? await BarAsync(context, placement, ReplicaLogin.Both(placement), cancellationToken) : [];

    /// <summary>Lets the login sign in again. Replicas may refuse it for a moment longer; one that is away stops nothing.</summary>
    public async Task AdmitAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (context.Tenant.Placed is not { } placement || await FindAsync(context, KeyOf(context, placement), cancellationToken) is not { } current)
            return;
        await using var session = await fenced.OpenAsync(context, placement.Place.Server, DatabaseServers.Maintenance, cancellationToken);
        await TenantRoles.AdmitAsync(session, current.Username, cancellationToken);
    }

    /// <summary>Changes the login's connection limit.</summary>
    /// <param name="session">A session on the server, under the tenant's lock.</param>
    /// <param name="placement">The placement.</param>
    /// <param name="limit">The limit.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    public static async Task LimitAsync(ServerSession session, TenantPlacement placement, int limit, CancellationToken cancellationToken)
    {
        foreach (var login in await TenantRoles.ExistingAsync(session, ReplicaLogin.Both(placement), cancellationToken))
            await TenantRoles.LimitAsync(session, login, limit, cancellationToken);
    }

    private async Task<Credential> MakeAsync(StepContext context, TenantPlacement placement, CredentialKey key, string login, bool isOpen, CancellationToken cancellationToken)
    {
        var plan = await plans.FindAsync(context.Tenant.Plan, context.Tenant.PlanVersion, cancellationToken) ?? throw StepFailureException.Permanent(
            "plan-unknown", $"The plan '{context.Tenant.Plan}' is not in the registry.", "Add the plan again, then replay the step.");
        // Stored before it is set on the server, so that after a killed attempt the next one uses the same password.
        Credential credential;
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            credential = await credentials.SaveAsync(transaction, key, login, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await EnsureAsync(context, TenantSchema.Of(placement), credential, plan.Limits.DatabaseConnections, cancellationToken);
        await replicas.WaitAsync(placement.Place.Server, cancellationToken);
        foreach (var replica in isOpen ? servers.ReplicasOf(placement.Place.Server) : [])
        {
            var address = new NpgsqlConnectionStringBuilder
            {
                Host = replica.Host, Port = replica.Port, Database = placement.Place.Database, Username = credential.Username, Password = credential.Password, ApplicationName = "saga-tenant",
            };
            await trial.RunAsync(context.TenantId, placement.Place.Server, new(replica.Name, placement.Place.Schema, placement.Epoch, address.ConnectionString), cancellationToken);
        }

        return credential;
    }

    private async Task EnsureAsync(StepContext context, TenantSchema place, Credential credential, int limit, CancellationToken cancellationToken)
    {
        var tier = place.Placement.Tier;
        if (tier == IsolationTier.Row)
            await shared.EnsureReadersAsync(place.Server, cancellationToken);
        var memberOf = tier switch
        {
            IsolationTier.Row => SharedRoles.RowReaders,
            IsolationTier.Schema => SharedRoles.Users(place.Database),
            _ => null,
        };
        await using (var session = await fenced.OpenAsync(context, place.Server, DatabaseServers.Maintenance, cancellationToken))
        {
            await TenantRoles.EnsureLoginAsync(session, credential, limit, await installation.IdAsync(cancellationToken), null, memberOf, cancellationToken);
            if (tier == IsolationTier.Database)
                await session.ExecuteAsync($"grant connect on database {Sql.Name(place.Database)} to {Sql.Name(credential.Username)}", cancellationToken);
            await TenantRoles.SetSearchPathAsync(session, credential.Username, place.Database, place.Schema, cancellationToken);
            await TenantRoles.SetReadOnlyAsync(session, credential.Username, cancellationToken);
        }

        await using (var session = await fenced.OpenAsync(context, place.Server, place.Database, cancellationToken))
        {
            // In the row tier the rights come with the membership.
            if (tier != IsolationTier.Row)
                await session.ExecuteAsync(ProductTables.ReadGrants(place.Schema, credential.Username), cancellationToken);
            await PlaceRows.WriteAsync(session, place.Placement with { Login = credential.Username }, context.TenantId.Value, cancellationToken);
        }
    }

    private async Task DropAsync(StepContext context, Func<CredentialKey, CredentialKey> of, CancellationToken cancellationToken)
    {
        if (context.Tenant.Placed is not { } placement)
            return;
        var key = of(KeyOf(context, placement));
        // Stored first and deleted last, so without it there is no login. The one in use is never dropped.
        if (await FindAsync(context, key, cancellationToken) is not { } found || found.Username == (await FindAsync(context, KeyOf(context, placement), cancellationToken))?.Username)
            return;
        await BarAsync(context, placement, [found.Username], cancellationToken);
        await logins.DropAsync(context, TenantSchema.Of(placement with { Login = found.Username }), cancellationToken);
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await CredentialStore.DeleteAsync(transaction, key, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task<IReadOnlyList<string>> BarAsync(StepContext context, TenantPlacement placement, IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        // This process may have used it as well.
        await connections.CloseAsync(context.TenantId);
        var server = placement.Place.Server;
        IReadOnlyList<string> found;
        await using (var session = await fenced.OpenAsync(context, server, DatabaseServers.Maintenance, cancellationToken))
        {
            found = await TenantRoles.ExistingAsync(session, names, cancellationToken);
            foreach (var login in found)
                await TenantRoles.CloseAsync(session, login, cancellationToken);
        }

        if (found.Count == 0)
            return found;
        await replicas.EndSessionsAsync(server, found, cancellationToken);
        return found;
    }

    private async Task<CredentialRow?> FindAsync(StepContext context, CredentialKey key, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        return await CredentialRows.FindAsync(transaction, key, cancellationToken);
    }

    private static CredentialKey KeyOf(StepContext context, TenantPlacement placement) => CredentialKey.Of(context.TenantId, placement.Id, CredentialPurposes.Replica);
}
