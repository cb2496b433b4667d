using Saga.Workers.Database.Product.Text;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Walls;

namespace Saga.Workers.Database.Product.Check;

/// <summary>Looks at the tables that the product's migrations created, after the platform added its own.</summary>
internal sealed class ProductStructure(ProductFiles product)
{
    private static readonly string Query =
        $"""
        with tables as (
            select t.oid, t.relname, h.attnum as head, h.atttypid, h.attnotnull
            from pg_class t join pg_namespace n on n.oid = t.relnamespace
            left join pg_attribute h on h.attrelid = t.oid and h.attname = 'tenant_id' and not h.attisdropped
            where n.nspname = @schema and t.relkind in ('r', 'p') and not t.relispartition
              and t.relname not in ('schema_migrations', '{ProductTables.Probe}'))
        select relname::text as Name, 'Table ' || quote_ident(relname) || ' has no column tenant_id. Add it, or put the comment -- saga: reference before CREATE TABLE if its rows belong to no tenant.' as Message
        from tables where head is null and relname <> all (@marked)
        union all
        select relname, 'Table ' || quote_ident(relname) || ' is marked as a reference table and has a column tenant_id. It cannot be both.'
        from tables where head is not null and relname = any (@marked)
        union all
        select relname, 'The column tenant_id of table ' || quote_ident(relname) || ' must be uuid not null.'
        from tables where head is not null and (atttypid <> 'uuid'::regtype or not attnotnull)
        union all
        select relname, 'The primary key of table ' || quote_ident(relname) || ' must begin with tenant_id.'
        from tables where head is not null and not exists (select from pg_index i where i.indrelid = tables.oid and i.indisprimary and i.indkey[0] = head)
        union all
        select relname, 'Table ' || quote_ident(relname) || ' is the platform''s to fill: its primary key must be tenant_id alone, and every other column must be nullable or have a default.'
        from tables where relname = '{ProductTables.Tenants}' and head is not null and (
            not exists (select from pg_index i where i.indrelid = tables.oid and i.indisprimary and i.indnkeyatts = 1)
            or exists (select from pg_attribute a where a.attrelid = tables.oid and a.attnum > 0 and not a.attisdropped and a.attnotnull and not a.atthasdef
                and a.attidentity = '' and a.attnum <> head))
        union all
        select relname, 'Names that begin with saga_ are the platform''s: table ' || quote_ident(relname) || '.' from tables where relname like 'saga\_%'
        union all
        select f.relname, 'Foreign key ' || quote_ident(k.conname) || ' of table ' || quote_ident(f.relname)
            || case when f.head is null then ' leads from a reference table to tenants'' rows.'
                    else ' must pair tenant_id with tenant_id; otherwise a row may point at another tenant''s, and a refusal tells that it exists.' end
        from pg_constraint k join tables f on f.oid = k.conrelid join tables t on t.oid = k.confrelid
        where k.contype = 'f' and t.head is not null and (f.head is null or not exists (
            select from generate_subscripts(k.conkey, 1) i where k.conkey[i] = f.head and k.confkey[i] = t.head))
        union all
        select f.relname, 'Foreign key ' || quote_ident(k.conname) || ' of table ' || quote_ident(f.relname) || ' would empty tenant_id. Name the columns: ON DELETE SET NULL (…).'
        from pg_constraint k join tables f on f.oid = k.conrelid
        where k.contype = 'f' and k.confdeltype in ('n', 'd') and f.head = any (coalesce(k.confdelsetcols, k.conkey))
        union all
        select i.relname, 'Index ' || quote_ident(i.relname) || ' on table ' || quote_ident(t.relname)
            || ' must begin with tenant_id; otherwise it is searched before the tenant is known, and a unique one tells which values other tenants have.'
        from pg_index x join pg_class i on i.oid = x.indexrelid join tables t on t.oid = x.indrelid
        where t.head is not null and not x.indisprimary and x.indkey[0] <> t.head
        union all
        select coalesce(t.relname, s.relname), 'Sequence ' || quote_ident(s.relname)
            || ' counts for all tenants of a database, and each of them may use up its numbers. It must be bigint, without a bound, and its increment at most 1000.'
        from pg_sequence q join pg_class s on s.oid = q.seqrelid join pg_namespace n on n.oid = s.relnamespace
        left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = s.oid and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
        left join pg_class t on t.oid = d.refobjid
        where n.nspname = @schema and (q.seqtypid <> 'bigint'::regtype or abs(q.seqincrement) > 1000
            or case when q.seqincrement > 0 then q.seqmax <> 9223372036854775807 else q.seqmin <> -9223372036854775808 end)
        union all
        select t.relname, 'Column ' || quote_ident(a.attname) || ' of table ' || quote_ident(t.relname)
            || ' takes its numbers from a sequence that counts for all tenants of a database. Make it bigint; otherwise a tenant may use up what the column can hold.'
        from pg_attrdef f join pg_attribute a on a.attrelid = f.adrelid and a.attnum = f.adnum join pg_class t on t.oid = f.adrelid join pg_namespace n on n.oid = t.relnamespace
        where n.nspname = @schema and a.atttypid in ('smallint'::regtype, 'int'::regtype) and exists (
            select from pg_depend d join pg_sequence q on q.seqrelid = d.refobjid
            where d.classid = 'pg_attrdef'::regclass and d.objid = f.oid and d.refclassid = 'pg_class'::regclass and q.seqtypid = 'bigint'::regtype)
        union all
        select p.polname, 'Policy ' || quote_ident(p.polname) || ' on table ' || quote_ident(tables.relname) || ' permits rows. Only restrictive policies may be added to the platform''s.'
        from pg_policy p join tables on tables.oid = p.polrelid where tables.head is not null and p.polpermissive and p.polname <> 'own_rows'
        union all
        select p.proname, 'Function ' || quote_ident(p.proname) || ' is SECURITY DEFINER without SET search_path.'
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = @schema and p.prosecdef and not exists (select from unnest(p.proconfig) c where c like 'search_path=%')
        union all
        select t.relname, 'Row-level security does not apply to ' || quote_ident(t.relname) || '. Use a table or a view.'
        from pg_class t join pg_namespace n on n.oid = t.relnamespace where n.nspname = @schema and t.relkind in ('m', 'f')
        union all
        select c, 'The planner still collects ' || c || ', and EXPLAIN would tell tenants of a shared table.' from ({SharedStatistics.Collected("@schema")}) s (c)
        order by 2
        """;

    private readonly IReadOnlyList<(string File, SqlStatement Statement)> statements =
        [.. product.Migrations.All.SelectMany(m => SqlStatement.Read(m.Sql).Select(s => (ProductFiles.NameOf(m), s)))];

    public async Task<IReadOnlyList<ProductFault>> FindAsync(ServerSession session, string schema, CancellationToken cancellationToken)
    {
        var found = await session.QueryAsync<Found>(
            Query, cancellationToken, new { schema, marked = ReferenceMarks.Names(statements.Select(s => s.Statement)).ToArray() });
        return [.. found.Select(Fault), .. await ExportFaultsAsync(session, schema, cancellationToken)];
    }

    private async Task<IReadOnlyList<ProductFault>> ExportFaultsAsync(ServerSession session, string schema, CancellationToken cancellationToken)
    {
        if (product.Export.Tables.Count == 0)
            return [];
        var columns = (await session.QueryAsync<Column>(
            $"""
            select t.relname::text as TableName, c.attname::text as Name
            from pg_class t join pg_namespace n on n.oid = t.relnamespace join pg_attribute c on c.attrelid = t.oid and c.attnum > 0 and not c.attisdropped
            where n.nspname = @schema and {ProductTables.HasTenants} and not t.relispartition and t.relname <> '{ProductTables.Probe}'
            """,
            cancellationToken, new { schema })).ToLookup(c => c.TableName, c => c.Name, StringComparer.Ordinal);
        return
        [
            .. product.Export.Tables.Where(t => !columns.Contains(t.Key)).Select(t => new ProductFault(ProductExport.File, 0, $"There is no table {t.Key} with rows of tenants.")),
            .. product.Export.Tables.Where(t => columns.Contains(t.Key) && t.Value.UserColumn is { } column && !columns[t.Key].Contains(column, StringComparer.Ordinal))
                .Select(t => new ProductFault(ProductExport.File, 0, $"Table {t.Key} has no column {t.Value.UserColumn}.")),
        ];
    }

    // Where it comes from: the statement that creates the table of that name, or else the first that names it.
    private ProductFault Fault(Found found)
    {
        var (file, statement) = statements.Where(s => s.Statement.WordAt(0) is "create" or "alter" && s.Statement.Tokens.Any(t => t.IsName && t.Text == found.Name))
            .OrderByDescending(s => ReferenceMarks.Table(s.Statement) == found.Name).FirstOrDefault();
        return new ProductFault(file ?? "", statement?.Line ?? 0, found.Message);
    }

    private sealed record Found(string Name, string Message);

    private sealed record Column(string TableName, string Name);
}
