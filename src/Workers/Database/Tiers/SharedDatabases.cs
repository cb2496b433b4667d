using Saga.Registry.Placements;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Preparation;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Walls;

namespace Saga.Workers.Database.Tiers;

/// <summary>The databases that many tenants share. One worker creates them on first use while the others wait. Thread-safe.</summary>
internal sealed class SharedDatabases(DatabaseServers servers, ProductMigrator migrator, ExistingPlaces existing)
{
    /// <summary>Creates the row tier's database if needed. It begins with the newest version of the product's tables, and keeps the one that it has.</summary>
    public async Task EnsureRowsAsync(string server, CancellationToken cancellationToken)
    {
        await EnsureAsync(server, PlacementStore.RowDatabase, SharedRoles.RowUsers, SharedRoles.RowOwner, cancellationToken);
        await using var session = await servers.OpenAsync(server, PlacementStore.RowDatabase, cancellationToken);
        if (!await HasSchemaAsync(session, cancellationToken))
        {
            await session.InTransactionAsync(
                async () =>
                {
                    await session.ExecuteAsync("select pg_advisory_xact_lock(hashtextextended(@RowDatabase, 3))", cancellationToken, new { PlacementStore.RowDatabase });
                    if (!await HasSchemaAsync(session, cancellationToken))
                        await session.ExecuteAsync($"create schema {Sql.Name(PlacementStore.ProductSchema)} authorization {Sql.Name(SharedRoles.RowOwner)}", cancellationToken);
                },
                cancellationToken);
        }

        if (await PlaceSchema.EnsureAsync(session, cancellationToken))
        {
            await session.ExecuteAsync(SharedRoles.GrantRowRuntime, cancellationToken);
            // The tenants of a database of an earlier version, before the policies ask for their places.
            await existing.WriteAsync(session, PlacementStore.RowDatabase, cancellationToken);
        }

        await migrator.JoinAsync(session, PlacementStore.ProductSchema, SharedRoles.RowOwner, SharedRoles.RowUsers, cancellationToken);
        // Somebody may have changed the tables by hand since they were migrated.
        if (await SharedStatistics.IsCollectingAsync(session, PlacementStore.ProductSchema, cancellationToken))
            await CloseStatisticsAsync(session, cancellationToken);
    }

    /// <summary>Creates the role that reads the row tier's tables if needed. The tables exist.</summary>
    public async Task EnsureReadersAsync(string server, CancellationToken cancellationToken)
    {
        await using (var session = await servers.OpenAsync(server, DatabaseServers.Maintenance, cancellationToken))
        {
            if (!await IsReadyAsync(session, PlacementStore.RowDatabase, SharedRoles.RowReaders, cancellationToken))
            {
                await session.ExecuteAsync("select pg_advisory_lock(hashtextextended(@RowDatabase, 3))", cancellationToken, new { PlacementStore.RowDatabase });
                await TenantRoles.EnsureGroupAsync(session, SharedRoles.RowReaders, cancellationToken);
                await session.ExecuteAsync($"grant connect on database {PlacementStore.RowDatabase} to {SharedRoles.RowReaders}", cancellationToken);
            }
        }

        await using var inside = await servers.OpenAsync(server, PlacementStore.RowDatabase, cancellationToken);
        if (await inside.ScalarAsync<bool>($"select has_schema_privilege('{SharedRoles.RowReaders}', '{PlacementStore.ProductSchema}', 'USAGE')", cancellationToken))
            return;
        await inside.InTransactionAsync(
            async () =>
            {
                // The same lock as the product's migrations, which grant new tables to the role from then on.
                await inside.ExecuteAsync("select pg_advisory_xact_lock(hashtextextended(@ProductSchema, 2))", cancellationToken, new { PlacementStore.ProductSchema });
                await inside.ExecuteAsync(ProductTables.ReadGrants(PlacementStore.ProductSchema, SharedRoles.RowReaders), cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>Removes planner statistics of the row tier's tables. One worker at a time.</summary>
    public static Task CloseStatisticsAsync(ServerSession session, CancellationToken cancellationToken) => session.InTransactionAsync(
        async () =>
        {
            await session.ExecuteAsync("select pg_advisory_xact_lock(hashtextextended(@ProductSchema, 2))", cancellationToken, new { PlacementStore.ProductSchema });
            await SharedStatistics.CloseAsync(session, PlacementStore.ProductSchema, cancellationToken);
        },
        cancellationToken);

    /// <summary>Creates a database for tenants' schemas if needed.</summary>
    public Task EnsureSchemasAsync(string server, string database, CancellationToken cancellationToken) =>
        EnsureAsync(server, database, SharedRoles.Users(database), null, cancellationToken);

    private async Task EnsureAsync(string server, string database, string users, string? owner, CancellationToken cancellationToken)
    {
        await using var session = await servers.OpenAsync(server, DatabaseServers.Maintenance, cancellationToken);
        if (await IsReadyAsync(session, database, users, cancellationToken))
            return;
        await session.ExecuteAsync("select pg_advisory_lock(hashtextextended(@database, 3))", cancellationToken, new { database });
        if (await IsReadyAsync(session, database, users, cancellationToken))
            return;
        await TenantRoles.EnsureGroupAsync(session, users, cancellationToken);
        if (owner is not null)
            await TenantRoles.EnsureOwnerAsync(session, owner, cancellationToken);
        if (!await session.HasDatabaseAsync(database, cancellationToken))
        {
            var empty = await ServerLacks.EmptyDatabaseAsync(session, cancellationToken);
            await session.ExecuteAsync($"create database {Sql.Name(database)} template {empty} encoding 'UTF8' connection limit 0", cancellationToken);
        }

        await session.ExecuteAsync(
            $"""
            revoke all on database {Sql.Name(database)} from public;
            grant connect on database {Sql.Name(database)} to {Sql.Name(users)};
            alter database {Sql.Name(database)} connection limit -1;
            """,
            cancellationToken);
    }

    // These three are created last, so the database is complete if they exist.
    private static Task<bool> IsReadyAsync(ServerSession session, string database, string users, CancellationToken cancellationToken) =>
        session.ScalarAsync<bool>(
            """
            select exists (
                select 1 from pg_database d, pg_roles r
                where d.datname = @database and d.datconnlimit <> 0 and r.rolname = @users
                  and not has_database_privilege('public', d.oid, 'CONNECT') and has_database_privilege(r.oid, d.oid, 'CONNECT'))
            """,
            cancellationToken, new { database, users });

    private static Task<bool> HasSchemaAsync(ServerSession session, CancellationToken cancellationToken) =>
        session.ScalarAsync<bool>(
            "select exists (select 1 from pg_namespace where nspname = @ProductSchema)", cancellationToken, new { PlacementStore.ProductSchema });
}
