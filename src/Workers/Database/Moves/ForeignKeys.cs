using System.Globalization;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>The foreign keys of copied tables. They are not checked while rows are copied.</summary>
internal static class ForeignKeys
{
    /// <exception cref="StepFailureException">A row of the tenant refers to a row that is not there.</exception>
    public static async Task RequireAsync(MoveSession session, string schema, Guid tenant, CancellationToken cancellationToken)
    {
        var keys = await session.QueryAsync<Key>(
            """
            select k.conname::text as Name, format('%I.%I', n.nspname, t.relname) as Child, format('%I.%I', pn.nspname, p.relname) as Parent,
                (select string_agg(format('c.%I is not null', a.attname), ' and ') from unnest(k.conkey) i join pg_attribute a on a.attrelid = k.conrelid and a.attnum = i) as Given,
                (select string_agg(format('p.%I = c.%I', pa.attname, ca.attname), ' and ')
                    from unnest(k.conkey, k.confkey) as i (child, parent)
                    join pg_attribute ca on ca.attrelid = k.conrelid and ca.attnum = i.child join pg_attribute pa on pa.attrelid = k.confrelid and pa.attnum = i.parent) as Same
            from pg_constraint k
            join pg_class t on t.oid = k.conrelid join pg_namespace n on n.oid = t.relnamespace
            join pg_class p on p.oid = k.confrelid join pg_namespace pn on pn.oid = p.relnamespace
            where k.contype = 'f' and k.conparentid = 0 and n.nspname = @schema
                and exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'tenant_id' and not a.attisdropped)
            order by 1
            """,
            cancellationToken, new { schema });
        foreach (var key in keys)
        {
            var missing = await session.ScalarAsync<long>(
                $"select count(*) from {key.Child} c where c.tenant_id = @tenant and {key.Given} and not exists (select from {key.Parent} p where {key.Same})",
                cancellationToken, new { tenant });
            if (missing > 0)
            {
                throw StepFailureException.Permanent(
                    "reference-missing",
                    string.Create(CultureInfo.InvariantCulture, $"After the copy, {missing} rows of {key.Child} refer to rows of {key.Parent} that are not there (foreign key {key.Name})."),
                    "Bring the reference tables of both places to the same rows, then send the command again.", DatabaseFailures.System(session.Session.Server));
            }
        }
    }

    private sealed class Key
    {
        public string Name { get; init; } = "";

        public string Child { get; init; } = "";

        public string Parent { get; init; } = "";

        public string Given { get; init; } = "";

        public string Same { get; init; } = "";
    }
}
