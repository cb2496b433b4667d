using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Moves;

/// <summary>Counts a tenant's rows and sums them up, independently of their order.</summary>
internal static class RowFingerprints
{
    /// <summary>Gives values one spelling as text, whatever the server's settings, until the transaction ends.</summary>
    public const string Spelling =
        """
        set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres'; set local extra_float_digits = 3;
        set local bytea_output = 'hex'; set local xmloption = 'content'; set local lc_monetary = 'C';
        """;

    /// <summary>An SQL condition on <c>pg_attribute c</c>: equal values of the column's type have equal hashes on every server of one version.</summary>
    public const string HashesAlike =
        """
        c.atttypid in ('uuid'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'bool'::regtype, 'timestamptz'::regtype, 'timestamp'::regtype,
            'date'::regtype, 'numeric'::regtype, 'jsonb'::regtype, 'bytea'::regtype)
        """;

    /// <summary>A statement with one row of <see cref="RowFingerprint"/>.</summary>
    /// <param name="schema">The table's schema.</param>
    /// <param name="table">The table.</param>
    /// <param name="columns">The columns as SQL expressions, and whether each is compared by its own hash.</param>
    /// <param name="rows">Which rows, as an SQL clause; empty for all of them.</param>
    public static string Statement(string schema, string table, IEnumerable<(string Value, bool ByHash)> columns, string rows)
    {
        // Types without a hash, such as json, and types whose hash depends on a collation are compared as text.
        var row = string.Join(", ", columns.Select(c => c.ByHash ? c.Value : $"{c.Value}::text collate \"C\""));
        return $"select count(*) as Rows, coalesce(bit_xor(hash_record_extended(row({row}), 0)), 0) as Sum from {Sql.Name(schema)}.{Sql.Name(table)}{rows}";
    }

    /// <param name="asText">Whether every column is compared as text, because the servers' versions differ and so may their hashes.</param>
    public static async Task<RowFingerprint> ReadAsync(MoveSession session, string schema, MovedTable table, Guid tenant, bool asText, CancellationToken cancellationToken)
    {
        var rows = await session.QueryAsync<RowFingerprint>(
            Statement(schema, table.Name, table.Columns.Select(c => (table.Read(c, tenant), c.HashesAlike && !asText)), table.Rows(tenant)), cancellationToken);
        return rows[0];
    }
}

/// <param name="Rows">How many rows.</param>
/// <param name="Sum">Equal for equal rows.</param>
internal sealed record RowFingerprint(long Rows, long Sum);
