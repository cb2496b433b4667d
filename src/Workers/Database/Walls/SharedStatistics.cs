using Saga.Workers.Database.Preparation;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Walls;

/// <summary>
/// Keeps the planner from learning values of shared tables. The planner estimates rows with the statistics of all tenants, and applies
/// leakproof operators before the policies, so the estimates of EXPLAIN answer questions about other tenants' rows. Therefore no column
/// of a table with several tenants' rows has statistics, except <c>tenant_id</c>; nor has an expression of an index, and there are no
/// extended statistics. Every call may be repeated.
/// </summary>
internal static class SharedStatistics
{
    /// <summary>What the planner collects although it must not, one line each. A query that every login may run, for one schema.</summary>
    /// <param name="schema">An SQL expression for the schema's name.</param>
    public static string Collected(string schema) =>
        $"""
        select case when n.statistics then 'extended statistics ' || n.name
                    when n.of_index then 'an expression of index ' || n.name
                    else 'column ' || quote_ident(n.part) || ' of ' || n.name end
        from ({Named(schema)}) n
        """;

    /// <summary>Indexes that are searched for values before the tenant is known, so that EXPLAIN ANALYZE counts other tenants' rows.</summary>
    public static string OpenIndexes(string schema) =>
        $"""
        select i.indexrelid::regclass::text
        from pg_index i
        where i.indrelid in ({Tables(schema)})
          and coalesce((select a.attname from pg_attribute a where a.attrelid = i.indrelid and a.attnum = i.indkey[0]), '') <> 'tenant_id'
        """;

    /// <summary>Stops collecting and deletes what was collected before.</summary>
    /// <exception cref="StepFailureException">Old statistics are there, and this user may not delete them: <c>statistics-left</c>.</exception>
    public static async Task CloseAsync(ServerSession session, string schema, CancellationToken cancellationToken)
    {
        await StopAsync(session, schema, cancellationToken);
        if (!await HasLeftAsync(session, schema, cancellationToken))
            return;
        await session.ExecuteAsync(Delete(Sql.Text(schema)), cancellationToken);
        // An index that was made anew may collect again.
        await StopAsync(session, schema, cancellationToken);
        if (await HasLeftAsync(session, schema, cancellationToken))
        {
            throw StepFailureException.Permanent(
                "statistics-left",
                $"The shared tables on server '{session.Server}' have planner statistics of other tenants' values, which the worker's user may not delete.",
                $"As superuser, run in the database of schema {schema}: DELETE FROM pg_statistic s USING pg_class c WHERE c.oid = s.starelid AND c.relnamespace = '{schema}'::regnamespace");
        }
    }

    private static Task StopAsync(ServerSession session, string schema, CancellationToken cancellationToken)
    {
        var name = Sql.Text(schema);
        return session.ExecuteAsync(
            $"""
            do $do$
            declare statement text;
            begin
                for statement in
                    select case when n.statistics then format('drop statistics %s', n.name)
                                when n.of_index then format('alter index %s alter column %s set statistics 0', n.name, n.part)
                                else format('alter table %s alter column %I set statistics 0', n.name, n.part) end
                    from ({Named(name)}) n
                loop
                    execute statement;
                end loop;
            end $do$
            """,
            cancellationToken);
    }

    /// <summary>Whether statistics are collected.</summary>
    public static Task<bool> IsCollectingAsync(ServerSession session, string schema, CancellationToken cancellationToken) =>
        session.ScalarAsync<bool>($"select exists ({Collected(Sql.Text(schema))})", cancellationToken);

    /// <summary>Whether <see cref="CloseAsync"/> has something to do: also what was collected before.</summary>
    public static async Task<bool> IsOpenAsync(ServerSession session, string schema, CancellationToken cancellationToken) =>
        await IsCollectingAsync(session, schema, cancellationToken) || await HasLeftAsync(session, schema, cancellationToken);

    // Only a superuser sees the catalog. Its view shows values to whoever may read all rows, so to the mover.
    private static async Task<bool> HasLeftAsync(ServerSession session, string schema, CancellationToken cancellationToken)
    {
        if (await session.ScalarAsync<bool>("select has_table_privilege('pg_catalog.pg_statistic', 'select')", cancellationToken))
        {
            return await session.ScalarAsync<bool>(
                $"select exists (select 1 from pg_catalog.pg_statistic s join ({Columns(Sql.Text(schema))}) c on c.relation = s.starelid and c.number = s.staattnum)",
                cancellationToken);
        }

        return await Mover.ScalarAsync<bool>(
            session,
            $"""
            select exists (
                select 1 from pg_stats s join ({Columns(Sql.Text(schema))}) c
                    on c.relation = to_regclass(format('%I.%I', s.schemaname, s.tablename)) and c.part = s.attname)
            """,
            cancellationToken);
    }

    // Setting a column's type, to the same one, removes its statistics and rewrites nothing. It also makes its indexes anew, from the same files.
    // From PostgreSQL 18 an owner may clear statistics.
    private static string Delete(string schema) =>
        $"""
        do $do$
        declare part record;
        begin
            if has_table_privilege('pg_catalog.pg_statistic', 'delete') then
                delete from pg_catalog.pg_statistic s using ({Columns(schema)}) c where c.relation = s.starelid and c.number = s.staattnum;
            elsif current_setting('server_version_num')::int >= 180000 then
                for part in select k.relnamespace::regnamespace::text as schema, k.relname::text as name, c.part as name_of_part from ({Columns(schema)}) c join pg_class k on k.oid = c.relation loop
                    execute format('select pg_clear_attribute_stats(%L, %L, %L, inherited) from unnest(array[true, false]) inherited', part.schema, part.name, part.name_of_part);
                end loop;
            else
                for part in
                    select c.relation::regclass as relation, c.part as name, format_type(a.atttypid, a.atttypmod)
                        || case when a.attcollation <> 0 then format(' collate %s', a.attcollation::regcollation) else '' end as type
                    from ({Columns(schema)}) c join pg_attribute a on a.attrelid = c.relation and a.attnum = c.number
                    where not c.of_index
                loop
                    execute format('alter table %s alter column %I type %s', part.relation, part.name, part.type);
                end loop;
            end if;
        end $do$
        """;

    // What still has to be changed, with the names that the statements need.
    private static string Named(string schema) =>
        $"""
        select false as statistics, c.of_index, c.relation::regclass::text as name, case when c.of_index then c.number::text else c.part end as part
        from ({Columns(schema)}) c
        where c.target <> 0
        union all
        select true, false, format('%I.%I', e.stxnamespace::regnamespace::text, e.stxname), null
        from pg_statistic_ext e
        where e.stxrelid in ({Tables(schema)})
        """;

    // The columns without tenant_id, and the expressions of indexes, which have statistics of their own.
    private static string Columns(string schema) =>
        $"""
        select a.attrelid as relation, a.attnum as number, a.attname::text as part, false as of_index, coalesce(a.attstattarget, -1) as target
        from pg_attribute a
        where a.attrelid in ({Tables(schema)}) and a.attnum > 0 and not a.attisdropped and a.attname <> 'tenant_id'
        union all
        select a.attrelid, a.attnum, a.attname::text, true, coalesce(a.attstattarget, -1)
        from pg_index i join pg_attribute a on a.attrelid = i.indexrelid
        where i.indrelid in ({Tables(schema)}) and a.attnum between 1 and i.indnkeyatts and i.indkey[a.attnum - 1] = 0
        """;

    // Tables with rows of tenants. A partition has the column but no policy of its own.
    private static string Tables(string schema) =>
        $"""
        select t.oid from pg_class t
        where t.relnamespace = (select s.oid from pg_namespace s where s.nspname = {schema}) and t.relkind in ('r', 'p', 'm')
          and (t.relrowsecurity or exists (select 1 from pg_attribute h where h.attrelid = t.oid and h.attname = 'tenant_id' and not h.attisdropped))
        """;
}
