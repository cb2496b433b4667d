using Dapper;
using Npgsql;

namespace Saga.Registry.Backups.OfRegistry;

/// <summary>One state of the registry, from which pg_dump reads at the same time, and which counts its rows. For one user at a time.</summary>
public sealed class RegistrySnapshot : IAsyncDisposable
{
    private readonly NpgsqlConnection connection;
    private readonly NpgsqlTransaction transaction;

    private RegistrySnapshot(NpgsqlConnection connection, NpgsqlTransaction transaction) => (this.connection, this.transaction) = (connection, transaction);

    /// <summary>The snapshot's name, for other sessions of the same database.</summary>
    public required string Name { get; init; }

    /// <summary>When the rows were as they are in it, by the server's clock.</summary>
    public required DateTimeOffset At { get; init; }

    public Version ServerVersion => connection.PostgreSqlVersion;

    /// <param name="connectionString">The registry, and a login that may read all of it.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    public static async Task<RegistrySnapshot> OpenAsync(string connectionString, CancellationToken cancellationToken)
    {
        // It lasts longer than the pool's connections may be idle in a transaction.
        var opened = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, ApplicationName = "saga-backup" }.ConnectionString);
        try
        {
            await opened.OpenAsync(cancellationToken);
            var begun = await opened.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
            await opened.ExecuteAsync(new CommandDefinition(
                "set transaction read only; set local idle_in_transaction_session_timeout = 0; set local statement_timeout = 0", cancellationToken: cancellationToken));
            var (name, at) = await opened.QuerySingleAsync<(string, DateTime)>(new CommandDefinition("select pg_export_snapshot(), clock_timestamp()", cancellationToken: cancellationToken));
            return new(opened, begun) { Name = name, At = new(at) };
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    /// <summary>The names of tables and sequences that this login may not read.</summary>
    public async Task<IReadOnlyList<string>> UnreadableAsync(CancellationToken cancellationToken) =>
    [
        .. await connection.QueryAsync<string>(new CommandDefinition(
            $"""
            select {RegistryTables.Name} from pg_class c
            where {RegistryTables.Own} and c.relkind in ('r', 'p', 'S', 'm') and not case c.relkind when 'S' then has_sequence_privilege(c.oid, 'SELECT') else has_table_privilege(c.oid, 'SELECT') end
            order by 1
            """,
            cancellationToken: cancellationToken)),
    ];

    /// <summary>Counts the rows of every table, and finds out which master keys are needed.</summary>
    /// <param name="counted">Called after each table with the number of tables that were counted.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    public async Task<RegistryState> ReadAsync(Action<int> counted, CancellationToken cancellationToken)
    {
        var counts = await RegistryTables.CountAsync(connection, counted, cancellationToken);
        var wrapped = await connection.QueryAsync<string>(new CommandDefinition(
            $"select {RegistryTables.Name} from pg_class c join pg_attribute a on a.attrelid = c.oid where {RegistryTables.Own} and a.attname = 'master_key_id' and not a.attisdropped and c.relkind = 'r' order by 1",
            cancellationToken: cancellationToken));
        var ids = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var table in wrapped)
            ids.UnionWith((await connection.QueryAsync<string?>(new CommandDefinition($"select distinct master_key_id from {table}", commandTimeout: 0, cancellationToken: cancellationToken))).OfType<string>());
        var version = await connection.ExecuteScalarAsync<int>(new CommandDefinition("select max(version) from registry_migrations", cancellationToken: cancellationToken));
        return new(At, version, counts, [.. ids]);
    }

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }
}

/// <param name="At">When the registry was like this.</param>
/// <param name="SchemaVersion">Its highest migration.</param>
/// <param name="Counts">Rows by table.</param>
/// <param name="MasterKeyIds">The master keys that wrap keys in it.</param>
public sealed record RegistryState(DateTimeOffset At, int SchemaVersion, IReadOnlyDictionary<string, long> Counts, IReadOnlyList<string> MasterKeyIds);
