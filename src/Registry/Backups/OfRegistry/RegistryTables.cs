using Dapper;
using Npgsql;

namespace Saga.Registry.Backups.OfRegistry;

/// <summary>The tables of a whole database, whatever schemas they are in.</summary>
internal static class RegistryTables
{
    /// <summary>A condition on <c>pg_class c</c>: not one of PostgreSQL's own.</summary>
    public const string Own = "c.relnamespace in (select n.oid from pg_namespace n where n.nspname <> 'information_schema' and n.nspname !~ '^pg_')";

    /// <summary>The name of <c>pg_class c</c> as SQL has it, whatever the search path is.</summary>
    public const string Name = "(select quote_ident(n.nspname) from pg_namespace n where n.oid = c.relnamespace) || '.' || quote_ident(c.relname)";

    /// <summary>Names as SQL has them, in order.</summary>
    public static async Task<IReadOnlyList<string>> ListAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
    [
        .. await connection.QueryAsync<string>(new CommandDefinition(
            $"select {Name} from pg_class c where {Own} and c.relkind in ('r', 'p') and not c.relispartition order by 1", cancellationToken: cancellationToken)),
    ];

    public static async Task<IReadOnlyDictionary<string, long>> CountAsync(NpgsqlConnection connection, Action<int>? counted, CancellationToken cancellationToken)
    {
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var table in await ListAsync(connection, cancellationToken))
        {
            counts[table] = await connection.ExecuteScalarAsync<long>(new CommandDefinition($"select count(*) from {table}", commandTimeout: 0, cancellationToken: cancellationToken));
            counted?.Invoke(counts.Count);
        }

        return counts;
    }
}
