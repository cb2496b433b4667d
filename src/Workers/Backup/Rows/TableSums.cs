using Dapper;
using Npgsql;
using Saga.Workers.Database.Moves;
using Saga.Workers.Database.Servers;

namespace Saga.Workers.Backup.Rows;

/// <summary>Counts and sums up the rows of a table, for a backup and for what was restored from it.</summary>
internal static class TableSums
{
    /// <summary>Reads a table. The session must be in a transaction with <see cref="RowFingerprints.Spelling"/>.</summary>
    /// <param name="connection">The session.</param>
    /// <param name="schema">The table's schema.</param>
    /// <param name="table">The table.</param>
    /// <param name="columns">The columns that count; null for all but generated ones.</param>
    /// <param name="condition">Which rows, as SQL; all of them when null.</param>
    /// <param name="cancellationToken">Cancels the queries.</param>
    public static async Task<(RowFingerprint Rows, IReadOnlyList<string> Columns)> ReadAsync(
        NpgsqlConnection connection, string schema, string table, IReadOnlyList<string>? columns, string? condition, CancellationToken cancellationToken)
    {
        var found = (await connection.QueryAsync<(string Name, bool ByHash)>(new CommandDefinition(
            $"""
            select c.attname::text, {RowFingerprints.HashesAlike} from pg_attribute c
            where c.attrelid = to_regclass(@name) and c.attnum > 0 and not c.attisdropped and c.attgenerated = '' order by c.attnum
            """,
            new { name = $"{Sql.Name(schema)}.{Sql.Name(table)}" }, cancellationToken: cancellationToken))).ToList();
        // In the order of the backup. A column that is missing changes the sum.
        var summed = columns is null ? found : [.. columns.SelectMany(c => found.Where(f => f.Name == c))];
        var rows = await connection.QuerySingleAsync<RowFingerprint>(new CommandDefinition(
            RowFingerprints.Statement(schema, table, summed.Select(c => (Sql.Name(c.Name), c.ByHash)), condition is null ? "" : $" where {condition}"), commandTimeout: 0, cancellationToken: cancellationToken));
        return (rows, [.. summed.Select(c => c.Name)]);
    }
}
