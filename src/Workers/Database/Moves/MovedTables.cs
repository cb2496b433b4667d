using Saga.Contracts.Identifiers;
using Saga.Registry.Placements;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>Lists the tables whose rows move. Reference tables have no column <c>tenant_id</c> and stay.</summary>
internal static class MovedTables
{
    /// <exception cref="StepFailureException">A table cannot be moved: it has no primary key, or one that mixes tenants.</exception>
    public static async Task<IReadOnlyList<MovedTable>> ListAsync(ServerSession session, TenantPlacement placement, CancellationToken cancellationToken)
    {
        var rows = await session.QueryAsync<Row>(
            $"""
            select t.relname::text as "Table", c.attname::text as "Column", replace(format_type(c.atttypid, c.atttypmod), quote_ident(n.nspname) || '.', '') as Type,
                {RowFingerprints.HashesAlike} as HashesAlike,
                -- Types of the server itself have fixed numbers, and a value of an enum travels by its name.
                c.atttypid < 16384 or y.typtype = 'e' as IsBinary,
                coalesce(array_position(k.conkey, c.attnum), 0) as KeyPosition
            from pg_class t join pg_namespace n on n.oid = t.relnamespace
            join pg_attribute c on c.attrelid = t.oid and c.attnum > 0 and not c.attisdropped and c.attgenerated = ''
            join pg_type y on y.oid = c.atttypid
            left join pg_constraint k on k.conrelid = t.oid and k.contype = 'p'
            where n.nspname = @Schema and not t.relispartition and {ProductTables.HasTenants}
            order by t.relname, c.attnum
            """,
            cancellationToken, new { placement.Place.Schema });
        var tables = rows.GroupBy(r => r.Table, StringComparer.Ordinal)
            .Select(t => new MovedTable(
                t.Key, [.. t.Where(r => r.KeyPosition > 0).OrderBy(r => r.KeyPosition).Select(r => r.Column)],
                [.. t.Select(r => new MovedColumn(r.Column, r.Type, r.HashesAlike, r.IsBinary))]))
            .ToList();
        foreach (var table in tables)
        {
            if (table.Key.Count == 0)
                throw Refused(placement, table, "has no primary key, so its rows could be copied twice or not at all");
            if (placement.Tier == IsolationTier.Row && table.Key[0] != "tenant_id")
                throw Refused(placement, table, "has a primary key that does not begin with tenant_id, so keys of different tenants could collide");
        }

        return tables;
    }

    /// <summary>Requires that both places have the same tables.</summary>
    /// <exception cref="StepFailureException">They differ.</exception>
    public static void RequireSame(IReadOnlyList<MovedTable> from, IReadOnlyList<MovedTable> to)
    {
        var (source, target) = (Described(from), Described(to));
        if (source.Except(target, StringComparer.Ordinal).Concat(target.Except(source, StringComparer.Ordinal)).FirstOrDefault() is { } differing)
        {
            throw StepFailureException.Permanent(
                "tables-differ", $"The tenant's former and new place have different tables: {differing} is in one of them only.",
                "Bring the product's tables of both places to the same version, then send the command again.");
        }
    }

    private static List<string> Described(IReadOnlyList<MovedTable> tables) => [.. tables.SelectMany(t => t.Columns.Select(c => $"{t.Name}.{c.Name} {c.Type}"))];

    private static StepFailureException Refused(TenantPlacement placement, MovedTable table, string why) => StepFailureException.Permanent(
        "table-not-movable", $"Table '{table.Name}' in database '{placement.Place.Database}' on server '{placement.Place.Server}' {why}.",
        "Give it a primary key that begins with tenant_id in a migration of the product, then send the command again.");

    // A class with setters, because Dapper would require a record's constructor to match the driver's types.
    private sealed class Row
    {
        public string Table { get; init; } = "";

        public string Column { get; init; } = "";

        public string Type { get; init; } = "";

        public bool HashesAlike { get; init; }

        public bool IsBinary { get; init; }

        public int KeyPosition { get; init; }
    }
}
