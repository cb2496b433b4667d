using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Place;

/// <summary>
/// Brings the schema <c>saga</c> of a product database to the newest version, and closes the functions that no tenant may call. Applied
/// versions are recorded in the schema itself. Any number may run at once: one works while the others wait. Thread-safe.
/// </summary>
internal sealed class PlaceSchema
{
    private static readonly ProductMigrations Migrations = ProductMigrations.Embedded(".Database.Place.Schema.");

    /// <summary>Identifies the schema's newest state.</summary>
    public static string Checksum => Migrations.Checksum;

    /// <returns>Whether anything was missing.</returns>
    /// <exception cref="StepFailureException">A migration changed after it was applied: <c>migration-changed</c>.</exception>
    public static async Task<bool> EnsureAsync(ServerSession session, CancellationToken cancellationToken)
    {
        if (await IsCurrentAsync(session, cancellationToken))
            return false;
        await session.InTransactionAsync(
            async () =>
            {
                await session.ExecuteAsync("select pg_advisory_xact_lock(hashtextextended('saga', 2))", cancellationToken);
                if (await IsCurrentAsync(session, cancellationToken))
                    return;
                await session.ExecuteAsync("set local search_path = pg_catalog, pg_temp", cancellationToken);
                await EnsureRuntimeRoleAsync(session, cancellationToken);
                var newest = await VersionAsync(session, cancellationToken);
                foreach (var migration in Migrations.All.Where(m => m.Version > newest))
                {
                    await session.ExecuteAsync(migration.Sql, cancellationToken);
                    await session.ExecuteAsync(
                        """
                        create table if not exists saga.versions (version int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now());
                        insert into saga.versions (version, name, checksum) values (@Version, @Name, @Checksum);
                        """,
                        cancellationToken, new { migration.Version, migration.Name, migration.Checksum });
                }

                await OpenFunctions.CloseAsync(session, cancellationToken);
            },
            cancellationToken);
        return true;
    }

    /// <summary>The version of the schema <c>saga</c> in the session's database; 0 without one.</summary>
    public static Task<int> FindVersionAsync(ServerSession session, CancellationToken cancellationToken) => VersionAsync(session, cancellationToken);

    /// <summary>The newest version.</summary>
    public static int Newest => Migrations.Newest;

    /// <summary>Creates the runtime's shared role, which the schema names, and makes this user a member: migrations may write rows of the tenant that they name.</summary>
    public static Task EnsureRuntimeRoleAsync(ServerSession session, CancellationToken cancellationToken) => session.ExecuteAsync(
        // Roles belong to the server, so another database's session may create it at the same moment.
        $"""
        do $do$ begin
            if to_regrole({Sql.Text(SharedRoles.RowRuntime)}) is null then create role {Sql.Name(SharedRoles.RowRuntime)} nologin; end if;
            if not pg_has_role({Sql.Text(SharedRoles.RowRuntime)}, 'MEMBER') then
                execute format('grant %I to %I', {Sql.Text(SharedRoles.RowRuntime)}, current_user);
            end if;
        exception when duplicate_object or unique_violation then null;
        end $do$;
        """,
        cancellationToken);

    /// <summary>Sets the policies on the product's tables that lack them, one schema at a time.</summary>
    /// <returns>Whether any lacked them.</returns>
    public static async Task<bool> ProtectAsync(ServerSession session, CancellationToken cancellationToken)
    {
        var lacking = await RowPolicies.LackingAsync(session, cancellationToken);
        foreach (var schema in lacking)
        {
            await session.InTransactionAsync(
                async () =>
                {
                    // The same lock as the product's migrations. Waits for no long transaction of a tenant: the caller tries again.
                    await session.ExecuteAsync(
                        "set local lock_timeout = '5s'; select pg_advisory_xact_lock(hashtextextended(@schema, 2))", cancellationToken, new { schema });
                    await session.ExecuteAsync(RowPolicies.Statement(schema), cancellationToken);
                },
                cancellationToken);
        }

        return lacking.Count > 0;
    }

    private static async Task<bool> IsCurrentAsync(ServerSession session, CancellationToken cancellationToken) =>
        await VersionAsync(session, cancellationToken) >= Migrations.Newest;

    private static async Task<int> VersionAsync(ServerSession session, CancellationToken cancellationToken)
    {
        // to_regclass may answer from the session's cache, which waiting for a lock does not refresh.
        if (!await session.ScalarAsync<bool>(
            "select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'saga' and c.relname = 'versions')", cancellationToken))
        {
            return 0;
        }

        var applied = await session.QueryAsync<AppliedMigration>(
            "select version, name, checksum, applied_at as AppliedAt from saga.versions order by version", cancellationToken);
        foreach (var migration in Migrations.All)
        {
            if (applied.FirstOrDefault(m => m.Version == migration.Version) is { } was && was.Checksum != migration.Checksum)
            {
                throw StepFailureException.Permanent(
                    "migration-changed", $"Migration {migration.Name} of the schema saga changed after it was applied on server '{session.Server}'.",
                    "Restore the migration's text, put the change into a new migration, then replay the operation.");
            }
        }

        return applied.Count == 0 ? 0 : applied[^1].Version;
    }
}
