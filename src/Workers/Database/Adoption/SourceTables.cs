using Saga.Registry.Placements;
using Saga.Workers.Database.Moves;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;

namespace Saga.Workers.Database.Adoption;

/// <summary>
/// The tables of a product without tenants, matched with those that tenants share: the same tables and columns, except for <c>tenant_id</c>.
/// </summary>
internal static class SourceTables
{
    // Kept by the platform: the tenants, what verification writes, and the migrations.
    private static readonly string[] Platforms = [ProductTables.Tenants, ProductTables.Probe, "schema_migrations"];

    /// <summary>Lists the tables that are copied, in the order of their names.</summary>
    /// <param name="reading">A transaction in the source.</param>
    /// <param name="source">The source.</param>
    /// <param name="target">A session in the shared tables' database.</param>
    /// <param name="to">The tenant's place there.</param>
    /// <param name="cancellationToken">Cancels the queries.</param>
    /// <exception cref="Runtime.StepFailureException">They do not match.</exception>
    public static async Task<IReadOnlyList<MovedTable>> RequireAsync(
        MoveSession reading, TenantSchema source, ServerSession target, TenantPlacement to, CancellationToken cancellationToken)
    {
        var tables = (await MovedTables.ListAsync(target, to, cancellationToken)).Where(t => !Platforms.Contains(t.Name, StringComparer.Ordinal)).ToList();
        await RequireKeysAsync(target, source, to.Place.Schema, cancellationToken);
        var columns = await target.QueryAsync<Column>(Columns, cancellationToken, new { schema = to.Place.Schema });
        var found = await reading.QueryAsync<Column>(Columns, cancellationToken, new { schema = source.Schema });
        if (found.FirstOrDefault(c => c.Name == "tenant_id") is { } owned)
        {
            throw PlaceInspection.Refused(
                source, "source-has-tenants", $"has rows of tenants: table {source.Schema}.{owned.Table} has a column tenant_id",
                "Adopt it with the isolation schema or database, and migrate the tenant to the isolation row afterwards,");
        }

        var faults = Faults(tables, columns, found).ToList();
        return faults.Count == 0 ? [.. tables.Select(t => t with { LacksTenant = true })] : throw PlaceInspection.Refused(
            source, "source-differs", $"has other tables than those that tenants share: {string.Join("; ", faults.Take(8))}{(faults.Count > 8 ? $"; and {faults.Count - 8} more" : "")}",
            $"Bring the tables of schema '{source.Schema}' to what the product's newest files make, without the column tenant_id, and move tables that are not the product's to another schema,");
    }

    private static IEnumerable<string> Faults(IReadOnlyList<MovedTable> tables, IReadOnlyList<Column> columns, IReadOnlyList<Column> found)
    {
        var source = found.ToLookup(c => c.Table, StringComparer.Ordinal);
        // A reference table has the same rows for every tenant and is not copied. A list of tenants in the source would be left behind.
        var known = columns.Select(c => c.Table).Where(t => t != ProductTables.Tenants).ToHashSet(StringComparer.Ordinal);
        foreach (var other in source.Select(t => t.Key).Where(t => !known.Contains(t)))
            yield return $"table {other} is not one of them";
        foreach (var table in tables)
        {
            if (!source.Contains(table.Name))
            {
                yield return $"table {table.Name} is missing";
                continue;
            }

            var there = source[table.Name].ToDictionary(c => c.Name, c => c.Type, StringComparer.Ordinal);
            var all = columns.Where(c => c.Table == table.Name).Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
            foreach (var column in table.Columns.Where(c => c.Name != "tenant_id"))
            {
                if (!there.TryGetValue(column.Name, out var type))
                    yield return $"column {table.Name}.{column.Name} is missing";
                else if (type != column.Type)
                    yield return $"column {table.Name}.{column.Name} is {type} instead of {column.Type}";
            }

            foreach (var column in there.Keys.Where(c => !all.Contains(c)))
                yield return $"column {table.Name}.{column} is not one of theirs";
        }
    }

    // Within one tenant's rows a key cannot collide with another tenant's as long as the tenant's id is part of it.
    private static async Task RequireKeysAsync(ServerSession target, TenantSchema source, string schema, CancellationToken cancellationToken)
    {
        var shared = await target.QueryAsync<string>(
            $"""
            select format('%s of table %s', i.relname, t.relname) from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid join pg_namespace n on n.oid = t.relnamespace
            where n.nspname = @schema and x.indisunique and {ProductTables.HasTenants}
              and not exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'tenant_id' and a.attnum = any(x.indkey::int2[])) order by 1
            """,
            cancellationToken, new { schema });
        if (shared.Count > 0)
        {
            throw PlaceInspection.Refused(
                source, "key-shared", $"cannot be copied, because its keys could collide with those of other tenants: the shared tables have unique indexes without tenant_id ({string.Join(", ", shared.Take(5))})",
                "Put tenant_id first into these indexes in a migration of the product,");
        }
    }

    private const string Columns =
        """
        select t.relname::text as "Table", c.attname::text as "Name", replace(format_type(c.atttypid, c.atttypmod), quote_ident(n.nspname) || '.', '') as Type
        from pg_class t join pg_namespace n on n.oid = t.relnamespace join pg_attribute c on c.attrelid = t.oid and c.attnum > 0 and not c.attisdropped
        where n.nspname = @schema and t.relkind in ('r', 'p') and not t.relispartition
          and not exists (select from pg_depend x where x.classid = 'pg_class'::regclass and x.objid = t.oid and x.deptype = 'e')
        order by t.relname, c.attnum
        """;

    // A class with setters, because Dapper would require a record's constructor to match the driver's types.
    private sealed class Column
    {
        public string Table { get; init; } = "";

        public string Name { get; init; } = "";

        public string Type { get; init; } = "";
    }
}
