using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Adoption;

/// <summary>The objects of a schema that have owners, the schema itself first. Those of extensions belong to the extension and are left alone.</summary>
internal static class OwnedObjects
{
    // Stands for whoever owns the database. Nobody can be made its member.
    private const string DatabaseOwner = "pg_database_owner";

    /// <summary>The roles whose rights are needed to give the objects and their database to another role, the database's owner first.</summary>
    public static string[] Owners(IEnumerable<OwnedObject> objects, string databaseOwner) =>
        [.. objects.Select(o => o.Owner).Where(o => o != DatabaseOwner).Prepend(databaseOwner).Distinct(StringComparer.Ordinal)];

    /// <summary>Reads them. The search path must be <c>pg_catalog</c>, so that the names are complete.</summary>
    public static Task<IReadOnlyList<OwnedObject>> ListAsync(ServerSession session, string schema, CancellationToken cancellationToken) => session.QueryAsync<OwnedObject>(
        $"""
        select found.kind as Kind, found.name as Name, r.rolname::text as Owner from (
            select 0 as position, 'schema' as kind, quote_ident(o.nspname) as name, o.nspowner as owner from pg_namespace o where o.nspname = @schema
            union all
            -- The sequence of a column has the owner of its table.
            select 1, case o.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' when 'f' then 'foreign table' else 'table' end,
                format('%I.%I', n.nspname, o.relname), o.relowner
            from pg_class o join pg_namespace n on n.oid = o.relnamespace
            where n.nspname = @schema and o.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and not exists ({OfExtension("pg_class")})
              and not (o.relkind = 'S' and exists (
                  select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = o.oid and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')))
            union all
            select 2, 'routine', o.oid::regprocedure::text, o.proowner
            from pg_proc o join pg_namespace n on n.oid = o.pronamespace where n.nspname = @schema and not exists ({OfExtension("pg_proc")})
            union all
            select 3, 'type', format('%I.%I', n.nspname, o.typname), o.typowner
            from pg_type o join pg_namespace n on n.oid = o.typnamespace
            where n.nspname = @schema and not exists ({OfExtension("pg_type")})
              and (o.typtype in ('e', 'd', 'r') or o.typtype = 'c' and exists (select from pg_class c where c.oid = o.typrelid and c.relkind = 'c'))) found
        join pg_roles r on r.oid = found.owner
        order by found.position, found.name
        """,
        cancellationToken, new { schema });

    private static string OfExtension(string catalogue) => $"select from pg_depend x where x.objid = o.oid and x.classid = '{catalogue}'::regclass and x.deptype = 'e'";
}

/// <param name="Kind">As in ALTER, such as <c>table</c>.</param>
/// <param name="Name">With its schema and quoted.</param>
/// <param name="Owner">The role that owns it.</param>
internal sealed record OwnedObject(string Kind, string Name, string Owner)
{
    /// <summary>The statement that gives it to the role.</summary>
    public string GiveTo(string role) => $"alter {Kind} {Name} owner to {Sql.Name(role)};";
}
