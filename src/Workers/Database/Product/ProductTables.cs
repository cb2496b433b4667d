using Npgsql;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Preparation;
using Saga.Workers.Database.Replicas;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Product;

/// <summary>
/// What the platform adds to a product's tables, and does with their rows. A table with a column <c>tenant_id</c> has rows of tenants; every
/// other table is a reference table, which tenants only read.
/// </summary>
internal static class ProductTables
{
    /// <summary>Where verification writes. The platform's own, in every schema with a product's tables, with the policies of the others.</summary>
    public const string Probe = "saga_probe";

    /// <summary>The product's table of tenants, if it has one: the platform writes its rows.</summary>
    public const string Tenants = "tenants";

    /// <summary>
    /// Creates the table for verification with a row of a tenant that nobody is. Runs as the schema's owner, after the policies: the row is
    /// written through them.
    /// </summary>
    public const string CreateProbe =
        $"""
        create table if not exists {Probe} (
            tenant_id uuid not null default saga.current_tenant(), key text not null, value jsonb not null, updated_at timestamptz not null default now(),
            primary key (tenant_id, key));
        """;

    public static readonly string FillProbe =
        $"""
        set local app.tenant_id = '{Guid.Empty}';
        insert into {Probe} (key, value) values ('canary', 'true') on conflict do nothing;
        set local app.tenant_id = '';
        """;

    /// <summary>An SQL condition on <c>pg_class t</c>: a table with rows of tenants.</summary>
    public const string HasTenants =
        "t.relkind in ('r', 'p') and exists (select from pg_attribute c where c.attrelid = t.oid and c.attname = 'tenant_id' and not c.attisdropped)";

    /// <summary>
    /// Grants reading everything, and writing the rows of tenants. Nothing else, because TRUNCATE and REFERENCES bypass row-level security, and
    /// a view writes as its owner. Grants of an earlier version are taken back.
    /// </summary>
    public static string Grants(string schema, string user) =>
        $"""
        do $do$ declare part record; begin
            execute format('grant usage on schema %I to %I', {Sql.Text(schema)}, {Sql.Text(user)});
            execute format('grant usage on all sequences in schema %I to %I', {Sql.Text(schema)}, {Sql.Text(user)});
            for part in
                select n.nspname, t.relname, {HasTenants} and t.relname <> '{Tenants}' as writable
                from pg_class t join pg_namespace n on n.oid = t.relnamespace
                where n.nspname = {Sql.Text(schema)} and t.relkind in ('r', 'p', 'v', 'm')
            loop
                execute format('grant select on %I.%I to %I', part.nspname, part.relname, {Sql.Text(user)});
                execute format(case when part.writable then 'grant insert, update, delete on %I.%I to %I' else 'revoke insert, update, delete on %I.%I from %I' end,
                    part.nspname, part.relname, {Sql.Text(user)});
            end loop;
        end $do$;
        """;

    /// <summary>Grants reading everything, and nothing else.</summary>
    public static string ReadGrants(string schema, string user) =>
        $"""
        do $do$ declare part record; begin
            execute format('grant usage on schema %I to %I', {Sql.Text(schema)}, {Sql.Text(user)});
            for part in
                select n.nspname, t.relname from pg_class t join pg_namespace n on n.oid = t.relnamespace where n.nspname = {Sql.Text(schema)} and t.relkind in ('r', 'p', 'v', 'm')
            loop
                execute format('grant select on %I.%I to %I', part.nspname, part.relname, {Sql.Text(user)});
            end loop;
        end $do$;
        """;

    /// <summary>The same for new tables, to every role that <see cref="ReadGrants"/> was run for.</summary>
    public static string ExtendReadGrants(string schema) =>
        $"""
        do $do$ declare part record; begin
            for part in
                select n.nspname, t.relname, r.rolname
                from pg_namespace n cross join lateral aclexplode(n.nspacl) a join pg_roles r on r.oid = a.grantee join pg_class t on t.relnamespace = n.oid
                where n.nspname = {Sql.Text(schema)} and a.privilege_type = 'USAGE' and t.relkind in ('r', 'p', 'v', 'm')
                  and (r.rolname = '{SharedRoles.RowReaders}' or r.rolname ~ '{ReplicaLogin.Names}')
            loop
                execute format('grant select on %I.%I to %I', part.nspname, part.relname, part.rolname);
            end loop;
        end $do$;
        """;

    /// <summary>Adds the tenant to the product's table of tenants, if it has one.</summary>
    public static async Task RegisterAsync(ServerSession session, string schema, Guid tenant, CancellationToken cancellationToken)
    {
        if (await session.ScalarAsync<bool>(
            $"select exists (select from pg_class t join pg_namespace n on n.oid = t.relnamespace where n.nspname = @schema and t.relname = '{Tenants}' and {HasTenants})",
            cancellationToken, new { schema }))
        {
            await Mover.ExecuteAsync(
                session, $"insert into {Sql.Name(schema)}.{Tenants} (tenant_id) values (@tenant) on conflict do nothing", cancellationToken, new { tenant });
        }
    }

    /// <summary>Deletes every row of the tenant. One statement, so that the order of foreign keys does not matter.</summary>
    public static async Task DeleteRowsAsync(ServerSession session, string schema, Guid tenant, CancellationToken cancellationToken)
    {
        var tables = await OfTenantsAsync(session, schema, cancellationToken);
        if (tables.Count > 0)
        {
            await session.InTransactionAsync(
                async () =>
                {
                    await session.ExecuteAsync(Mover.Become, cancellationToken);
                    // The former copy of a tenant may have millions of rows.
                    await session.ExecuteLongAsync(
                        $"with {string.Join(", ", tables.Select((t, i) => FormattableString.Invariant($"d{i} as (delete from {t} where tenant_id = @tenant)")))} select 1",
                        cancellationToken, new { tenant });
                },
                cancellationToken);
        }
    }

    /// <summary>The tables with rows of tenants, quoted; a partitioned one counts as one.</summary>
    public static Task<IReadOnlyList<string>> OfTenantsAsync(ServerSession session, string schema, CancellationToken cancellationToken) => session.QueryAsync<string>(
        $"""
        select format('%I.%I', n.nspname, t.relname) from pg_class t join pg_namespace n on n.oid = t.relnamespace
        where n.nspname = @schema and not t.relispartition and {HasTenants} order by 1
        """,
        cancellationToken, new { schema });

    /// <summary>The tables that hold the rows themselves, quoted: the partitions of a partitioned one.</summary>
    public static Task<IReadOnlyList<string>> LeavesOfTenantsAsync(ServerSession session, string schema, CancellationToken cancellationToken) => session.QueryAsync<string>(
        $"""
        select format('%I.%I', n.nspname, t.relname) from pg_class t join pg_namespace n on n.oid = t.relnamespace
        where n.nspname = @schema and t.relkind = 'r' and {HasTenants} order by 1
        """,
        cancellationToken, new { schema });

    /// <summary>Runs a migration in the session's transaction.</summary>
    /// <param name="session">The session.</param>
    /// <param name="migration">The migration.</param>
    /// <param name="isLong">Whether only <paramref name="cancellationToken"/> ends it.</param>
    /// <param name="cancellationToken">Ends the migration.</param>
    /// <exception cref="StepFailureException">The failure names the file.</exception>
    public static async Task ApplyAsync(ServerSession session, ProductMigration migration, bool isLong, CancellationToken cancellationToken)
    {
        await ExecuteAsync(session, ProductFiles.NameOf(migration), migration.Sql, cancellationToken, isLong);
        await session.ExecuteAsync(
            "insert into schema_migrations (version, name, checksum) values (@Version, @Name, @Checksum)", cancellationToken,
            new { migration.Version, migration.Name, migration.Checksum });
    }

    /// <summary>Runs a file of the product.</summary>
    /// <exception cref="StepFailureException">The failure names the file.</exception>
    public static async Task ExecuteAsync(ServerSession session, string file, string sql, CancellationToken cancellationToken, bool isLong = false)
    {
        try
        {
            await (isLong ? session.ExecuteLongAsync(sql, cancellationToken) : session.ExecuteAsync(sql, cancellationToken));
        }
        catch (StepFailureException e) when (e.InnerException is PostgresException && e.Failure.Kind == Contracts.Failures.FailureKind.Permanent)
        {
            throw StepFailureException.Permanent(
                e.Failure.Code, $"The product's file {file} failed: {e.Failure.Message}",
                "Correct it in a new migration, or the seed itself, check it with 'Saga.Host check product', restart the workers, then replay the operation.", e.Failure.System, e.InnerException);
        }
    }
}
