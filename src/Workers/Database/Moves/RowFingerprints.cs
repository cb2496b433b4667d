using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Moves;

/// <summary>Counts a tenant's rows and sums them up, independently of their order.</summary>
internal static class RowFingerprints
{
    /// <param name="asText">Whether every column is compared as text, because the servers' versions differ and so may their hashes.</param>
    public static async Task<RowFingerprint> ReadAsync(MoveSession session, string schema, MovedTable table, Guid tenant, bool asText, CancellationToken cancellationToken)
    {
        // Types without a hash, such as json, and types whose hash depends on a collation are compared as text.
        var columns = string.Join(", ", table.Columns.Select(c => c.HashesAlike && !asText ? table.Read(c, tenant) : $"{table.Read(c, tenant)}::text collate \"C\""));
        var rows = await session.QueryAsync<RowFingerprint>(
            $"select count(*) as Rows, coalesce(bit_xor(hash_record_extended(row({columns}), 0)), 0) as Sum from {Sql.Name(schema)}.{Sql.Name(table.Name)}{table.Rows(tenant)}",
            cancellationToken);
        return rows[0];
    }
}

/// <param name="Rows">How many rows.</param>
/// <param name="Sum">Equal for equal rows.</param>
internal sealed record RowFingerprint(long Rows, long Sum);
