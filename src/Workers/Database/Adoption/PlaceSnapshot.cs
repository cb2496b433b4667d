using System.Globalization;
using Saga.Contracts.Identifiers;
using Saga.Registry.Placements;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;

namespace Saga.Workers.Database.Adoption;

/// <summary>
/// Reads what an adoption is going to change, as the statements that put it back. They suppose that the roles of the tenant, and nobody else, own
/// what the adoption gave them. Changes nothing.
/// </summary>
internal static class PlaceSnapshot
{
    /// <param name="session">A session in the database.</param>
    /// <param name="place">The place.</param>
    /// <param name="tenant">The tenant.</param>
    /// <param name="cancellationToken">Cancels the queries.</param>
    public static async Task<AdoptionUndo> ReadAsync(ServerSession session, TenantSchema place, TenantId tenant, CancellationToken cancellationToken)
    {
        var (schema, database, memberships) = (new List<string>(), new List<string>(), (IReadOnlyList<string>)[]);
        await session.InTransactionAsync(
            async () =>
            {
                await session.ExecuteAsync("set local search_path = pg_catalog, pg_temp", cancellationToken);
                var objects = await OwnedObjects.ListAsync(session, place.Schema, cancellationToken);
                var found = await session.QueryAsync<FoundDatabase>(FoundDatabase.Query, cancellationToken, new { place.Database });
                schema.AddRange(await TablesAsync(session, place, cancellationToken));
                schema.AddRange(await OwnersAsync(session, place, objects, cancellationToken));
                schema.AddRange(await SagaAsync(session, tenant, cancellationToken));
                database.AddRange(await DatabaseAsync(session, place, found[0], cancellationToken));
                memberships = await MembershipsAsync(session, OwnedObjects.Owners(objects, found[0].Owner), cancellationToken);
            },
            cancellationToken);
        return new() { Schema = schema, Database = database, Memberships = memberships };
    }

    // Row-level security, the policies of the platform's names, and the table for verification.
    private static async Task<IReadOnlyList<string>> TablesAsync(ServerSession session, TenantSchema place, CancellationToken cancellationToken)
    {
        var statements = new List<string>(await session.QueryAsync<string>(
            $"""
            select format('drop policy if exists own_rows on %1$I.%2$I; drop policy if exists own_deletes on %1$I.%2$I;', n.nspname, t.relname)
                || coalesce((
                    select string_agg(
                        format('create policy %I on %I.%I as %s for %s to %s', p.polname, n.nspname, t.relname, case when p.polpermissive then 'permissive' else 'restrictive' end,
                            case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
                            case when 0 = any(p.polroles) then 'public' else (select string_agg(quote_ident(r.rolname), ', ') from pg_roles r where r.oid = any(p.polroles)) end)
                        || coalesce(' using (' || pg_get_expr(p.polqual, p.polrelid) || ')', '') || coalesce(' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '') || ';'
                        || format('comment on policy %I on %I.%I is %L;', p.polname, n.nspname, t.relname, obj_description(p.oid, 'pg_policy')), '' order by p.polname)
                    from pg_policy p where p.polrelid = t.oid and p.polname in ('own_rows', 'own_deletes')), '')
                || format('alter table %1$I.%2$I %3$s row level security; alter table %1$I.%2$I %4$s row level security;', n.nspname, t.relname,
                    case when t.relrowsecurity then 'enable' else 'disable' end, case when t.relforcerowsecurity then 'force' else 'no force' end)
            from pg_class t join pg_namespace n on n.oid = t.relnamespace where n.nspname = @Schema and {ProductTables.HasTenants} order by t.relname
            """,
            cancellationToken, new { place.Schema }));
        if (!await session.ScalarAsync<bool>(
            $"select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = @Schema and c.relname = '{ProductTables.Probe}')", cancellationToken, new { place.Schema }))
            statements.Add($"drop table if exists {Sql.Name(place.Schema)}.{ProductTables.Probe};");
        return statements;
    }

    // An owner without the right to create in the schema gets it for the moment: PostgreSQL gives an object to nobody else.
    private static async Task<IReadOnlyList<string>> OwnersAsync(ServerSession session, TenantSchema place, IReadOnlyList<OwnedObject> objects, CancellationToken cancellationToken)
    {
        var schema = Sql.Name(place.Schema);
        var lacking = await session.QueryAsync<string>(
            "select o from unnest(@owners) o where not has_schema_privilege(o, @Schema, 'CREATE')", cancellationToken,
            new { owners = objects.Select(o => o.Owner).Distinct(StringComparer.Ordinal).ToArray(), place.Schema });
        return
        [
            .. objects.Take(1).Select(o => o.GiveTo(o.Owner)),
            .. lacking.Select(o => $"grant create on schema {schema} to {Sql.Name(o)};"),
            .. objects.Skip(1).Select(o => o.GiveTo(o.Owner)),
            .. lacking.Select(o => $"revoke create on schema {schema} from {Sql.Name(o)};"),
        ];
    }

    // The tenant's rows in the schema saga, or the entire schema. Other tenants may have come to need it meanwhile.
    private static async Task<IReadOnlyList<string>> SagaAsync(ServerSession session, TenantId tenant, CancellationToken cancellationToken)
    {
        var id = Sql.Text(tenant.ToString());
        if (await PlaceSchema.FindVersionAsync(session, cancellationToken) == 0)
        {
            return
            [
                $"""
                do $do$ begin
                    if to_regclass('saga.place') is null then return; end if;
                    delete from saga.place where tenant_id = {id};
                    if not exists (select from saga.place where tenant_id <> '{Guid.Empty}') then drop schema saga cascade; end if;
                end $do$;
                """,
            ];
        }

        var places = await session.QueryAsync<string>(
            $"""
            select format('insert into saga.place as p (tenant_id, epoch, mode, updated_at) values (%L, %L, %L, %L) on conflict (tenant_id) do update set epoch = excluded.epoch, mode = excluded.mode, updated_at = excluded.updated_at;',
                tenant_id, epoch, mode, updated_at)
            from saga.place where tenant_id = {id}
            """,
            cancellationToken);
        var logins = await session.QueryAsync<string>(
            $"select format('insert into saga.logins (login, tenant_id) values (%L, %L);', login, tenant_id) from saga.logins where tenant_id = {id} order by login", cancellationToken);
        return places.Count == 0 ? [$"delete from saga.place where tenant_id = {id};"] : [$"delete from saga.logins where tenant_id = {id};", .. places, .. logins];
    }

    private static async Task<IReadOnlyList<string>> DatabaseAsync(ServerSession session, TenantSchema place, FoundDatabase found, CancellationToken cancellationToken)
    {
        var database = Sql.Name(place.Database);
        var statements = new List<string>();
        if (place.Placement.Tier == IsolationTier.Database)
        {
            statements.Add($"alter database {database} owner to {Sql.Name(found.Owner)};");
            statements.Add($"alter database {database} connection limit {found.ConnectionLimit.ToString(CultureInfo.InvariantCulture)};");
        }

        if (found.PublicRights is { } rights)
            statements.Add($"grant {rights} on database {database} to public;");
        statements.AddRange(await session.QueryAsync<string>(
            $"""
            select format('grant execute on function %s to public;', oid::regprocedure) || case when exists (
                select from pg_roles r where r.rolname = current_user and r.oid <> proowner
                    and not exists (select from aclexplode(coalesce(proacl, acldefault('f', proowner))) granted where granted.grantee = r.oid))
                then format('revoke execute on function %s from %I;', oid::regprocedure, current_user) else '' end
            from pg_proc where {OpenFunctions.Condition} and has_function_privilege('public', oid, 'EXECUTE') and (select rolsuper from pg_roles where rolname = current_user)
            order by 1
            """,
            cancellationToken));
        return statements;
    }

    /// <summary>The statements that end the memberships that this user needs, and has not got, for the rights of these roles.</summary>
    public static Task<IReadOnlyList<string>> MembershipsAsync(ServerSession session, string[] owners, CancellationToken cancellationToken) => session.QueryAsync<string>(
        "select format('revoke %I from %I;', o, current_user) from unnest(@owners) o where not pg_has_role(o, 'USAGE') order by 1", cancellationToken, new { owners });
}
