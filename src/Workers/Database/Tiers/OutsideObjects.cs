using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Tiers;

/// <summary>Objects of other schemas that need something of a schema, such as views of its tables. They would go with it.</summary>
internal static class OutsideObjects
{
    /// <exception cref="StepFailureException">There are some: <c>schema-needed</c>.</exception>
    public static async Task RequireNoneAsync(ServerSession session, TenantSchema place, CancellationToken cancellationToken)
    {
        var outside = await session.QueryAsync<string>(
            """
            with place as (select oid from pg_namespace where nspname = @Schema),
            own as (
                select 'pg_class'::regclass as kind, c.oid from pg_class c join place p on p.oid = c.relnamespace
                union all select 'pg_proc'::regclass, f.oid from pg_proc f join place p on p.oid = f.pronamespace
                union all select 'pg_type'::regclass, t.oid from pg_type t join place p on p.oid = t.typnamespace),
            needing as (
                select d.classid, d.objid, d.objsubid,
                    coalesce(
                        case when d.classid = 'pg_class'::regclass then d.objid end,
                        (select ev_class from pg_rewrite x where d.classid = 'pg_rewrite'::regclass and x.oid = d.objid),
                        (select nullif(conrelid, 0) from pg_constraint x where d.classid = 'pg_constraint'::regclass and x.oid = d.objid),
                        (select adrelid from pg_attrdef x where d.classid = 'pg_attrdef'::regclass and x.oid = d.objid),
                        (select polrelid from pg_policy x where d.classid = 'pg_policy'::regclass and x.oid = d.objid),
                        (select tgrelid from pg_trigger x where d.classid = 'pg_trigger'::regclass and x.oid = d.objid)) as relation
                from pg_depend d join own o on o.kind = d.refclassid and o.oid = d.refobjid where d.deptype in ('n', 'a'))
            select distinct case when n.classid in ('pg_proc'::regclass, 'pg_type'::regclass) then pg_describe_object(n.classid, n.objid, 0) else pg_describe_object('pg_class'::regclass, n.relation, 0) end
            from needing n cross join place p
            left join pg_class c on c.oid = n.relation
            left join pg_proc f on n.classid = 'pg_proc'::regclass and f.oid = n.objid
            left join pg_type t on n.classid = 'pg_type'::regclass and t.oid = n.objid
            where coalesce(c.relnamespace, f.pronamespace, t.typnamespace) <> p.oid
            order by 1
            """,
            cancellationToken, new { place.Schema });
        if (outside.Count > 0)
        {
            throw StepFailureException.Permanent(
                "schema-needed",
                $"Schema '{place.Schema}' of database '{place.Database}' on server '{place.Server}' cannot be dropped, because others need it and would be dropped, too: {string.Join(", ", outside.Take(5))}{(outside.Count > 5 ? ", …" : "")}.",
                "Drop these or what they use of the schema, then replay the step.", DatabaseFailures.System(place.Server));
        }
    }
}
