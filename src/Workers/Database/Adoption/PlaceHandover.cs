using Saga.Contracts.Identifiers;
using Saga.Registry.Drift;
using Saga.Registry.Placements;
using Saga.Tenancy.Sealing;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Adoption;

/// <summary>
/// Hands a database or schema over to a tenant's roles, and back. The owner's role is made before everything else and dropped with the last
/// change, so it is there as long as there is anything to put back. Thread-safe.
/// </summary>
internal sealed class PlaceHandover(FencedSessions fenced, DatabaseServers servers, PlacementStore placements, Installation installation)
{
    /// <summary>May run again after a crash at any line.</summary>
    /// <param name="context">The attempt.</param>
    /// <param name="place">The place, as it is recorded.</param>
    /// <param name="credential">The already stored credential, which the login must get.</param>
    /// <param name="connections">The login's connection limit.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    public async Task TakeAsync(StepContext context, TenantSchema place, Credential credential, int connections, CancellationToken cancellationToken)
    {
        await using var session = await fenced.OpenAsync(context, place.Server, place.Database, cancellationToken);
        await TenantRoles.EnsureOwnerAsync(session, place.Owner, cancellationToken);
        var objects = await JoinOwnersAsync(session, place, cancellationToken);
        await PlaceSchema.EnsureAsync(session, cancellationToken);
        await PlaceSchema.EnsureRuntimeRoleAsync(session, cancellationToken);
        var bears = await installation.IdAsync(cancellationToken);
        await using var turn = await TurnAsync(place, cancellationToken);
        await session.InTransactionAsync(
            async () =>
            {
                // The same lock as the product's migrations.
                await session.ExecuteAsync("select pg_advisory_xact_lock(hashtextextended(@Schema, 2))", cancellationToken, new { place.Schema });
                await OpenFunctions.CloseAsync(session, cancellationToken);
                var users = place.Placement.Tier == IsolationTier.Schema ? SharedRoles.Users(place.Database) : null;
                if (users is not null)
                    await TenantRoles.EnsureGroupAsync(session, users, cancellationToken);
                await TenantRoles.EnsureLoginAsync(session, credential, connections, bears, place.Owner, users, cancellationToken);
                await session.ExecuteAsync(DatabaseStatements(place, users), cancellationToken);
                await session.ExecuteAsync(
                    $"""
                    {string.Join('\n', objects.Where(o => o.Owner != place.Owner).Select(o => o.GiveTo(place.Owner)))}
                    {TenantRoles.SearchPath(credential.Username, place.Database, place.Schema)}
                    """,
                    cancellationToken);
                await PlaceAsync(session, place, context.TenantId, cancellationToken);
                await session.ExecuteAsync($"set local role {Sql.Name(place.Owner)}; set local search_path = {Sql.Name(place.Schema)}; {ProductMigrator.CreateOwnTables}", cancellationToken);
                await ProductMigrator.FinishAsync(session, place.Schema, place.User, isShared: false, cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>Puts back what was recorded, and drops the roles. Does nothing when that was done before.</summary>
    /// <exception cref="StepFailureException">The product's tables were migrated, which cannot be put back: <c>adoption-migrated</c>.</exception>
    public async Task GiveBackAsync(StepContext context, TenantSchema place, Registry.Placements.Adoption found, CancellationToken cancellationToken)
    {
        await using (var session = await fenced.OpenAsync(context, place.Server, DatabaseServers.Maintenance, cancellationToken))
        {
            if (!await TenantRoles.ExistsAsync(session, place.Owner, cancellationToken))
                return;
            await TenantRoles.CloseAsync(session, place.Login, cancellationToken);
        }

        // Somebody dropped it. There is nothing left to put back but the roles.
        if (!await servers.ExistsAsync(place.Server, place.Database, cancellationToken))
        {
            await using var session = await fenced.OpenAsync(context, place.Server, DatabaseServers.Maintenance, cancellationToken);
            await TenantRoles.DropAsync(session, place.Login, cancellationToken);
            await TenantRoles.DropAsync(session, place.Owner, cancellationToken);
            if (place.Placement.Tier == IsolationTier.Schema)
            {
                await AdoptedRole.WaitAsync(session, place.Database, cancellationToken);
                await AdoptedRole.DropUnusedAsync(session, place.Database, cancellationToken);
            }

            await session.ExecuteAsync(Leave(found.Undo.Memberships), cancellationToken);
            return;
        }

        // Read before, because the database stays as other tenants' schemas need it.
        var isShared = (await placements.NeighboursAsync(place.Server, place.Database, context.TenantId, cancellationToken)).Count > 0;
        await using (var session = await fenced.OpenAsync(context, place.Server, place.Database, cancellationToken))
        {
            await using var turn = await TurnAsync(place, cancellationToken);
            await session.InTransactionAsync(
                async () =>
                {
                    await session.ExecuteAsync("select pg_advisory_xact_lock(hashtextextended(@Schema, 2))", cancellationToken, new { place.Schema });
                    await session.ExecuteAsync("set local search_path = pg_catalog, pg_temp", cancellationToken);
                    // A killed attempt may have made the owner's role and nothing else. What this user joins here it leaves at the end.
                    var owners = await OwnersAsync(session, place, await OwnedObjects.ListAsync(session, place.Schema, cancellationToken), cancellationToken);
                    var joined = await PlaceSnapshot.MembershipsAsync(session, [.. owners.Where(o => o != place.Owner)], cancellationToken);
                    foreach (var owner in owners)
                        await TenantRoles.JoinAsync(session, owner, cancellationToken);
                    await RequireNotMigratedAsync(session, place, found, cancellationToken);
                    await TenantRoles.DropOwnedAsync(session, place.Login, cancellationToken);
                    if (found.Undo.Schema.Count > 0)
                        await session.ExecuteAsync(string.Join('\n', found.Undo.Schema), cancellationToken);
                    if (!isShared)
                        await session.ExecuteAsync(string.Join('\n', found.Undo.Database.Append("select 1;")), cancellationToken);
                    await GiveOthersBackAsync(session, place, cancellationToken);
                    await session.ExecuteAsync($"drop role if exists {Sql.Name(place.Login)};", cancellationToken);
                    if (turn is not null)
                        await AdoptedRole.DropUnusedAsync(session, place.Database, cancellationToken);
                    await session.ExecuteAsync($"{Leave(found.Undo.Memberships.Union(joined, StringComparer.Ordinal))} drop role if exists {Sql.Name(place.Owner)};", cancellationToken);
                },
                cancellationToken);
        }
    }

    // A whole database has no role that its tenants share.
    private async Task<ServerSession?> TurnAsync(TenantSchema place, CancellationToken cancellationToken)
    {
        if (place.Placement.Tier != IsolationTier.Schema)
            return null;
        var session = await servers.OpenSecondAsync(place.Server, DatabaseServers.Maintenance, cancellationToken);
        try
        {
            await AdoptedRole.WaitAsync(session, place.Database, cancellationToken);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    private static string DatabaseStatements(TenantSchema place, string? users)
    {
        var database = Sql.Name(place.Database);
        // A limit of the tenant's own database would also count the workers' sessions. The login has the plan's.
        return users is not null
            ? $"revoke all on database {database} from public; grant connect on database {database} to {Sql.Name(users)};"
            : $"""
              alter database {database} owner to {Sql.Name(place.Owner)};
              revoke all on database {database} from public;
              grant connect, temporary on database {database} to {Sql.Name(place.User)};
              alter database {database} connection limit -1;
              """;
    }

    // Open, and with the epoch of this installation, whatever another one left. Its logins are not this tenant's any more.
    private static Task PlaceAsync(ServerSession session, TenantSchema place, TenantId tenant, CancellationToken cancellationToken) => session.ExecuteAsync(
        """
        insert into saga.place as p (tenant_id, epoch, mode) values (@Value, @Epoch, 'open')
        on conflict (tenant_id) do update set epoch = excluded.epoch, mode = excluded.mode, updated_at = now() where (p.epoch, p.mode) <> (excluded.epoch, excluded.mode);
        delete from saga.logins where tenant_id = @Value and login <> @Login;
        insert into saga.logins as l (login, tenant_id) values (@Login, @Value)
        on conflict (login) do update set tenant_id = excluded.tenant_id where l.tenant_id <> excluded.tenant_id;
        """,
        cancellationToken, new { tenant.Value, place.Placement.Epoch, place.Login });

    // What the product made after the record was written, and the adoption took with everything else. Its owner then was most likely the schema's.
    private static async Task GiveOthersBackAsync(ServerSession session, TenantSchema place, CancellationToken cancellationToken)
    {
        var objects = await OwnedObjects.ListAsync(session, place.Schema, cancellationToken);
        var others = objects.Where(o => o.Owner == place.Owner).ToList();
        if (others.Count == 0)
            return;
        var policies = await session.QueryAsync<string>(
            $"""
            select format('drop policy if exists own_rows on %1$I.%2$I; drop policy if exists own_deletes on %1$I.%2$I; alter table %1$I.%2$I no force row level security; alter table %1$I.%2$I disable row level security;',
                n.nspname, t.relname)
            from pg_class t join pg_namespace n on n.oid = t.relnamespace join pg_roles r on r.oid = t.relowner where n.nspname = @Schema and r.rolname = @Owner and {ProductTables.HasTenants} order by 1
            """,
            cancellationToken, new { place.Schema, place.Owner });
        // Whoever owns the database cannot be named as an owner by everybody, so its owner is.
        var owner = (await OwnersAsync(session, place, [.. objects.Take(1)], cancellationToken))[^1];
        await session.ExecuteAsync(string.Join('\n', policies.Concat(others.Select(o => o.GiveTo(owner)))), cancellationToken);
    }

    // A role may have been dropped since.
    private static string Leave(IEnumerable<string> memberships) => string.Concat(
        memberships.Select(m => $"do $do$ begin execute {Sql.Text(m)}; exception when undefined_object then null; end $do$;\n")) + "select 1;";

    // Gives this user the rights of everybody who owns something there.
    private static async Task<IReadOnlyList<OwnedObject>> JoinOwnersAsync(ServerSession session, TenantSchema place, CancellationToken cancellationToken)
    {
        var objects = await ObjectsAsync(session, place, cancellationToken);
        foreach (var owner in await OwnersAsync(session, place, objects, cancellationToken))
            await TenantRoles.JoinAsync(session, owner, cancellationToken);
        return objects;
    }

    private static async Task<string[]> OwnersAsync(ServerSession session, TenantSchema place, IReadOnlyList<OwnedObject> objects, CancellationToken cancellationToken) =>
        OwnedObjects.Owners(objects, (await session.QueryAsync<FoundDatabase>(FoundDatabase.Query, cancellationToken, new { place.Database }))[0].Owner);

    private static async Task<IReadOnlyList<OwnedObject>> ObjectsAsync(ServerSession session, TenantSchema place, CancellationToken cancellationToken)
    {
        IReadOnlyList<OwnedObject> objects = [];
        await session.InTransactionAsync(
            async () =>
            {
                await session.ExecuteAsync("set local search_path = pg_catalog, pg_temp", cancellationToken);
                objects = await OwnedObjects.ListAsync(session, place.Schema, cancellationToken);
            },
            cancellationToken);
        return objects;
    }

    private static async Task RequireNotMigratedAsync(ServerSession session, TenantSchema place, Registry.Placements.Adoption found, CancellationToken cancellationToken)
    {
        var version = await session.ScalarAsync<int>($"select coalesce(max(version), 0) from {Sql.Name(place.Schema)}.schema_migrations", cancellationToken);
        if (version > found.FoundVersion)
        {
            throw StepFailureException.Permanent(
                "adoption-migrated", $"The product's tables in database '{place.Database}' on server '{place.Server}' were migrated from version {found.FoundVersion} to {version}, which cannot be put back.",
                $"Retry the operation from step '{Contracts.Steps.StepNames.MigrateAdopted}', and deprovision the tenant afterwards if it must not be. To leave the place as it is, skip this compensation.");
        }
    }
}
