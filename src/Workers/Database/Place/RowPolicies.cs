using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Place;

/// <summary>
/// The policies of a product's tables: rows are read while the tenant's place is open or read-only, and written while it is open. Every
/// table with a column <c>tenant_id</c> has them, in every tier. Policies of other names are left alone; verification refuses those that permit rows.
/// </summary>
internal static class RowPolicies
{
    /// <summary>The policies' version. Tables with another one get the policies again.</summary>
    private const string Version = "saga 1";

    /// <summary>An SQL condition on <c>pg_class t</c>: rows are protected by the platform's policies, and no other policy permits any.</summary>
    public const string IsProtected =
        """
        t.relrowsecurity and t.relforcerowsecurity and exists (select from pg_policy p where p.polrelid = t.oid and p.polname = 'own_rows')
        and not exists (select from pg_policy p where p.polrelid = t.oid and p.polpermissive and p.polname <> 'own_rows')
        """;

    /// <summary>
    /// An SQL condition on <c>pg_namespace n</c>: a schema with a product's tables whose name may be any, as that of an adopted one. It has the
    /// platform's table for verification.
    /// </summary>
    public const string IsAdopted = "exists (select from pg_class probe where probe.relnamespace = n.oid and probe.relname = 'saga_probe')";

    private const string Lacking =
        $"""
        select t.oid, n.nspname, t.relname from pg_class t join pg_namespace n on n.oid = t.relnamespace
        where t.relkind in ('r', 'p') and (n.nspname ~ '^(t_[0-9a-f]+.*|product)$' or {IsAdopted})
          and exists (select from pg_attribute c where c.attrelid = t.oid and c.attname = 'tenant_id' and not c.attisdropped)
          and not (t.relrowsecurity and t.relforcerowsecurity and exists (
              select from pg_policy p where p.polrelid = t.oid and p.polname = 'own_rows' and obj_description(p.oid, 'pg_policy') = '{Version}'))
        """;

    /// <summary>Sets them on the tables of the schema that lack them. The current user must own the tables.</summary>
    public static string Statement(string schema) =>
        $"""
        do $do$ declare lacking record; begin
            for lacking in {Lacking} and n.nspname = {Sql.Text(schema)} loop
                execute format('alter table %I.%I enable row level security', lacking.nspname, lacking.relname);
                execute format('alter table %I.%I force row level security', lacking.nspname, lacking.relname);
                execute format('drop policy if exists own_rows on %I.%I', lacking.nspname, lacking.relname);
                execute format('drop policy if exists own_deletes on %I.%I', lacking.nspname, lacking.relname);
                execute format('create policy own_rows on %I.%I using (tenant_id = (select r.tenant_id from saga.readable r))'
                    ' with check (tenant_id = (select w.tenant_id from saga.writable w))', lacking.nspname, lacking.relname);
                execute format('create policy own_deletes on %I.%I as restrictive for delete'
                    ' using (tenant_id = (select w.tenant_id from saga.writable w))', lacking.nspname, lacking.relname);
                execute format('comment on policy own_rows on %I.%I is %L', lacking.nspname, lacking.relname, '{Version}');
            end loop;
        end $do$;
        """;

    /// <summary>The schemas of the session's database with tables that lack them.</summary>
    public static Task<IReadOnlyList<string>> LackingAsync(ServerSession session, CancellationToken cancellationToken) =>
        session.QueryAsync<string>($"select distinct nspname::text from ({Lacking}) lacking order by 1", cancellationToken);
}
