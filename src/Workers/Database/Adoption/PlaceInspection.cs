using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Registry.Placements;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Preparation;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Adoption;

/// <summary>
/// What a database or schema must be to become a tenant's place, looked at from top to bottom. Every refusal says what to do. Changes nothing.
/// Thread-safe.
/// </summary>
internal sealed class PlaceInspection(DatabaseServers servers, ProductMigrations migrations, PlacementStore placements, AdoptedUserLimit limit)
{
    private const string Again = "then send the command again.";

    /// <returns>The version of the product's schema.</returns>
    /// <exception cref="StepFailureException">It cannot be adopted as it is.</exception>
    public async Task<int> RequireAsync(StepContext context, TenantSchema place, CancellationToken cancellationToken)
    {
        var owner = await DatabaseAsync(place, cancellationToken);
        await using var session = await servers.OpenAsync(place.Server, place.Database, cancellationToken);
        await RegistryAsync(session, place, cancellationToken);
        await SchemasAsync(session, place, cancellationToken);
        await OwnersAsync(session, place, owner, cancellationToken);
        var version = await VersionAsync(session, place, cancellationToken);
        await FunctionsAsync(session, place, cancellationToken);
        await SagaAsync(session, context, place, cancellationToken);
        await PoliciesAsync(session, place, cancellationToken);
        await LookAsync(session, place, () => RowsAsync(session, context, place, cancellationToken), cancellationToken);
        return version;
    }

    /// <summary>The newest version of the product's schema that the schema has.</summary>
    public async Task<int> VersionAsync(ServerSession session, TenantSchema place, CancellationToken cancellationToken)
    {
        var version = 0;
        await LookAsync(session, place, async () => version = await ReadVersionAsync(session, place, cancellationToken), cancellationToken);
        return version;
    }

    // This user may have the rights of the owners only from the adoption on. Here it has them until the end of a transaction that is rolled back.
    private static async Task LookAsync(ServerSession session, TenantSchema place, Func<Task> look, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync("begin;", cancellationToken);
        try
        {
            if (!await ServerLacks.IsSuperuserAsync(session, cancellationToken))
            {
                var found = (await session.QueryAsync<FoundDatabase>(FoundDatabase.Query, cancellationToken, new { place.Database }))[0];
                foreach (var owner in OwnedObjects.Owners(await OwnedObjects.ListAsync(session, place.Schema, cancellationToken), found.Owner))
                    await TenantRoles.JoinAsync(session, owner, cancellationToken);
            }

            await look();
        }
        finally
        {
            await session.ExecuteAsync("rollback;", CancellationToken.None);
        }
    }

    private async Task<int> ReadVersionAsync(ServerSession session, TenantSchema place, CancellationToken cancellationToken)
    {
        // A table of that name which is somebody else's has other columns.
        if (!await session.ScalarAsync<bool>(
            """
            select count(*) = 4 from pg_attribute a
            where a.attrelid = to_regclass(@table) and a.attname in ('version', 'name', 'checksum', 'applied_at') and not a.attisdropped
            """,
            cancellationToken, new { table = $"{Sql.Name(place.Schema)}.schema_migrations" }))
        {
            throw Refused(
                place, "not-a-product", $"has no table of migrations as the product's: {place.Schema}.schema_migrations with version, name, checksum and applied_at",
                "Name the schema with the product's tables, or record the migrations that they have had in such a table,");
        }

        var applied = await session.QueryAsync<AppliedMigration>(
            $"select version, name, checksum, applied_at::timestamptz as AppliedAt from {Sql.Name(place.Schema)}.schema_migrations order by version", cancellationToken);
        if (applied.Count == 0)
            throw Refused(place, "not-a-product", $"has an empty {place.Schema}.schema_migrations", "Record the migrations that the tables have had,");
        for (var i = 0; i < applied.Count; i++)
        {
            var was = applied[i];
            if (was.Version > migrations.Newest)
            {
                throw Refused(
                    place, "schema-newer", $"has version {was.Version} of the product's schema ({was.Name}), and the newest that the workers know is {migrations.Newest}",
                    "Start workers with the product's newer files,");
            }

            if (was.Version != i + 1)
                throw Refused(place, "schema-unknown", $"lacks version {i + 1} of the product's schema, but has version {was.Version}", "Apply and record the missing migration,");
            if (was.Checksum != migrations.All[i].Checksum)
            {
                throw Refused(
                    place, "schema-unknown", $"has another version {was.Version} of the product's schema ({was.Name}) than the product's file {ProductFiles.NameOf(migrations.All[i])}",
                    "Adopt only databases of this product, whose files have not changed since they were applied; bring the tables to what the file makes and record its checksum,");
            }
        }

        return applied.Count;
    }

    /// <summary>Requires that the database is there and lets this user in.</summary>
    /// <returns>Who owns it.</returns>
    public async Task<string> DatabaseAsync(TenantSchema place, CancellationToken cancellationToken)
    {
        await using var session = await servers.OpenAsync(place.Server, DatabaseServers.Maintenance, cancellationToken);
        var found = await session.QueryAsync<FoundDatabase>(FoundDatabase.Query, cancellationToken, new { place.Database });
        if (found.Count == 0)
            throw Refused(place, "database-missing", "does not exist", "Name an existing database,");
        if (!found[0].IsOpen)
            throw Refused(place, "database-closed", "is a template, or accepts no connections", "Name the product's own database, or allow connections to it (ALTER DATABASE … ALLOW_CONNECTIONS true),");
        if (!found[0].MayConnect)
        {
            throw Refused(
                place, "database-closed", "does not let the workers' login connect",
                $"As its owner, run: GRANT CONNECT ON DATABASE {Sql.Name(place.Database)} TO {Sql.Name((await session.ScalarAsync<string>("select current_user::text", cancellationToken))!)};");
        }

        return found[0].Owner;
    }

    /// <summary>Requires a schema of that name in a database that is no registry.</summary>
    // By its tables, because a copy of a registry under another name is one, too.
    public static async Task RegistryAsync(ServerSession session, TenantSchema place, CancellationToken cancellationToken)
    {
        if (await session.ScalarAsync<bool>("select exists (select from pg_class where relname = 'registry_migrations' and relkind = 'r')", cancellationToken))
            throw Refused(place, "database-registry", "is a registry of this system", "Name a database of the product,");
        if (!await session.ScalarAsync<bool>("select exists (select from pg_namespace where nspname = @Schema)", cancellationToken, new { place.Schema }))
            throw Refused(place, "schema-missing", $"has no schema '{place.Schema}'", "Name the schema with the product's tables,");
    }

    // The end of the tenant, or of what a move has left, drops its own database with everything that is in it.
    private static async Task SchemasAsync(ServerSession session, TenantSchema place, CancellationToken cancellationToken)
    {
        if (place.Placement.Tier != IsolationTier.Database)
            return;
        var others = await session.QueryAsync<string>(
            """
            select distinct n.nspname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p', 'm', 'f') and n.nspname not in (@Schema, 'saga', 'information_schema') and n.nspname !~ '^pg_'
              and not exists (select from pg_depend x where x.classid = 'pg_class'::regclass and x.objid = c.oid and x.deptype = 'e') order by 1
            """,
            cancellationToken, new { place.Schema });
        if (others.Count > 0)
        {
            throw Refused(
                place, "database-shared", $"has tables in other schemas ({string.Join(", ", others.Take(5))}), which would be dropped with the tenant's database",
                "Adopt only the product's schema (isolation schema), or move the other tables to another database,");
        }
    }

    // Only who has the rights of an object's owner may give it to another role.
    private static async Task OwnersAsync(ServerSession session, TenantSchema place, string databaseOwner, CancellationToken cancellationToken)
    {
        var objects = await OwnedObjects.ListAsync(session, place.Schema, cancellationToken);
        var owners = OwnedObjects.Owners(objects, databaseOwner);
        var lacking = await session.QueryAsync<string>(
            """
            select r.rolname::text from pg_roles r, pg_roles me
            where r.rolname = any(@owners) and me.rolname = current_user and not me.rolsuper and not pg_has_role(r.oid, 'USAGE')
              and (r.rolsuper or not case when current_setting('server_version_num')::int >= 160000
                  then exists (select from pg_auth_members m where m.roleid = r.oid and m.admin_option and pg_has_role(m.member, 'USAGE')) else me.rolcreaterole end)
            order by 1
            """,
            cancellationToken, new { owners });
        if (lacking.Count > 0)
        {
            var user = Sql.Name((await session.ScalarAsync<string>("select current_user::text", cancellationToken))!);
            throw Refused(
                place, "owner-out-of-reach", $"has objects of {string.Join(", ", lacking)}, whose rights the workers' login cannot get",
                $"As a superuser, run: {string.Join(' ', lacking.Select(o => $"GRANT {Sql.Name(o)} TO {user} WITH ADMIN OPTION;"))} Objects of a superuser need another owner first,");
        }
    }

    private static async Task FunctionsAsync(ServerSession session, TenantSchema place, CancellationToken cancellationToken)
    {
        if (await ServerLacks.IsSuperuserAsync(session, cancellationToken)
            || (await OpenFunctions.CountAsync(session, cancellationToken) == 0
                && await session.ScalarAsync<bool>("select has_function_privilege('pg_advisory_lock(bigint)', 'EXECUTE')", cancellationToken)))
        {
            return;
        }

        var user = (await session.ScalarAsync<string>("select current_user::text", cancellationToken))!;
        throw Refused(
            place, "functions-open", "lets every login take advisory locks and create large objects, which no tenant may, or does not let the workers' login do it",
            $"As a superuser, run in that database: {OneLine(OpenFunctions.GrantTo(user))} {OneLine(OpenFunctions.Statement)}");
    }

    // The schema decides whose rows a session sees, so nobody but the workers may own it. One of an earlier version could not be put back.
    private async Task SagaAsync(ServerSession session, StepContext context, TenantSchema place, CancellationToken cancellationToken)
    {
        if (!await session.ScalarAsync<bool>("select exists (select from pg_namespace where nspname = 'saga')", cancellationToken))
            return;
        var version = await PlaceSchema.FindVersionAsync(session, cancellationToken);
        if (version != PlaceSchema.Newest)
        {
            throw Refused(
                place, "saga-schema-unknown", $"has a schema 'saga' of version {version}, and the workers' is {PlaceSchema.Newest}",
                "If it is the platform's, start the workers that it belongs to in this version once, which brings it up to date. Otherwise rename it,");
        }

        var owners = await session.QueryAsync<string>(
            """
            select distinct r.rolname::text from (
                select nspowner as owner from pg_namespace where nspname = 'saga'
                union all select relowner from pg_class where relnamespace = 'saga'::regnamespace
                union all select proowner from pg_proc where pronamespace = 'saga'::regnamespace) o
            join pg_roles r on r.oid = o.owner where not r.rolsuper and r.rolname <> current_user order by 1
            """,
            cancellationToken);
        if (owners.Count > 0 || !await session.ScalarAsync<bool>("select pg_has_role(nspowner, 'USAGE') from pg_namespace where nspname = 'saga'", cancellationToken))
        {
            throw Refused(
                place, "saga-schema-owned", $"has a schema 'saga' of {(owners.Count > 0 ? string.Join(", ", owners) : "a superuser")}, who could change whose rows a session sees",
                $"As a superuser, give the schema and everything in it to {await session.ScalarAsync<string>("select current_user::text", cancellationToken)},");
        }

        var known = (await placements.NeighboursAsync(place.Server, place.Database, context.TenantId, cancellationToken)).Select(n => n.TenantId.ToString()).ToArray();
        var others = await session.QueryAsync<string>(
            "select tenant_id::text from saga.place where tenant_id <> @tenant and tenant_id <> @Empty and tenant_id::text <> all(@known) order by 1 limit 3",
            cancellationToken, new { tenant = context.TenantId.Value, Guid.Empty, known });
        if (others.Count > 0 && place.Placement.Tier == IsolationTier.Database)
        {
            throw Refused(
                place, "database-shared", $"has places of other tenants ({string.Join(", ", others)})",
                "Adopt one of its schemas instead, or delete the rows of saga.place if those tenants are gone,");
        }
    }

    private static async Task PoliciesAsync(ServerSession session, TenantSchema place, CancellationToken cancellationToken)
    {
        var others = await session.QueryAsync<string>(
            """
            select format('%s on %s', p.polname, t.relname) from pg_policy p join pg_class t on t.oid = p.polrelid join pg_namespace n on n.oid = t.relnamespace
            where n.nspname = @Schema and p.polpermissive and p.polname not in ('own_rows', 'own_deletes') order by 1
            """,
            cancellationToken, new { place.Schema });
        if (others.Count > 0)
            throw Refused(place, "policies-permit", $"has policies that permit rows beside the platform's: {string.Join(", ", others.Take(5))}", "Drop them, or make them restrictive,");
        var untyped = await session.QueryAsync<string>(
            $"""
            select t.relname::text from pg_class t join pg_namespace n on n.oid = t.relnamespace
            where n.nspname = @Schema and {ProductTables.HasTenants}
              and (select a.atttypid from pg_attribute a where a.attrelid = t.oid and a.attname = 'tenant_id') <> 'uuid'::regtype order by 1
            """,
            cancellationToken, new { place.Schema });
        if (untyped.Count > 0)
            throw Refused(place, "not-a-product", $"has tables whose column tenant_id is no uuid: {string.Join(", ", untyped)}", "Bring the tables to what the product's migrations make,");
    }

    // Policies would hide the rows of other tenants from this user, so the mover reads them. Its rights end with the transaction.
    private async Task RowsAsync(ServerSession session, StepContext context, TenantSchema place, CancellationToken cancellationToken)
    {
        var tables = await ProductTables.OfTenantsAsync(session, place.Schema, cancellationToken);
        if (!await ServerLacks.IsSuperuserAsync(session, cancellationToken))
        {
            await session.ExecuteAsync(
                $"grant usage on schema {Sql.Name(place.Schema)} to {PreparedNames.Mover}; {string.Concat(tables.Select(t => $"grant select on {t} to {PreparedNames.Mover};"))}", cancellationToken);
        }

        await session.ExecuteAsync(Mover.Become, cancellationToken);
        for (var i = 0; i < tables.Count; i++)
        {
            context.Report(i, tables.Count, "tables", $"looking whose rows {tables[i]} has");
            if (await OtherAsync(session, tables[i], context.TenantId, cancellationToken) is { } other)
            {
                throw Refused(
                    place, "rows-of-another", $"has rows of tenant {other} in {tables[i]}, and the tenant's id is {context.TenantId}",
                    $"If they are the rows of the one tenant that you adopt, send \"tenantId\": \"{other}\" with the command. Otherwise move the other tenants' rows elsewhere,");
            }
        }

        var users = $"{Sql.Name(place.Schema)}.{AdoptedUserLimit.Table}";
        if (await session.ScalarAsync<bool>(
            "select exists (select from pg_attribute where attrelid = to_regclass(@users) and attname = 'tenant_id' and not attisdropped)", cancellationToken, new { users }))
        {
            await limit.RequireAsync(
                context, place, await session.ScalarLongAsync<long>($"select count(*) from {users} where tenant_id = {Sql.Text(context.TenantId.ToString())}", cancellationToken), cancellationToken);
        }
    }

    // It may read a large table to the end, which takes as long as it takes.
    private static Task<Guid?> OtherAsync(ServerSession session, string table, TenantId tenant, CancellationToken cancellationToken) => session.TranslatingAsync(
        () => session.Connection.ExecuteScalarAsync<Guid?>(new CommandDefinition(
            $"select tenant_id from {table} where tenant_id <> @Value and tenant_id <> @Empty limit 1", new { tenant.Value, Guid.Empty }, commandTimeout: 0, cancellationToken: cancellationToken)));

    private static string OneLine(string sql) => string.Join(' ', sql.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    public static StepFailureException Refused(TenantSchema place, string code, string what, string remedy) => StepFailureException.Permanent(
        code, $"Database '{place.Database}' on server '{place.Server}' {what}.", remedy.EndsWith(',') ? $"{remedy} {Again}" : $"{remedy} Then send the command again.");
}
