using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Registry.Placements;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Servers;

/// <summary>Administrators' connections to the configured servers. Thread-safe.</summary>
internal sealed class DatabaseServers(IOptions<DatabasesOptions> options) : IAsyncDisposable
{
    /// <summary>Advisory locks count within one database, so every worker takes the server-wide ones in this one.</summary>
    public const string Maintenance = "postgres";

    private const int MaxPoolSize = 10;
    private const int IdleSeconds = 15;
    private readonly ConcurrentDictionary<(string Server, string Database), NpgsqlDataSource> pools = [];

    public IReadOnlyCollection<string> Names => options.Value.Servers.Keys;

    /// <exception cref="StepFailureException">The server is not configured here, or cannot be reached.</exception>
    public async Task<ServerSession> OpenAsync(string server, string database, CancellationToken cancellationToken)
    {
        var connectionString = ConnectionString(server, database);
        try
        {
            if (IsShared(database))
            {
                var pool = pools.GetOrAdd((server, database), _ => Source(connectionString));
                return new ServerSession(server, await pool.OpenConnectionAsync(cancellationToken));
            }

            // A pool would keep connections to a tenant's own database, which is soon dropped, copied or idle.
            var single = Source(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
            try
            {
                return new ServerSession(server, await single.OpenConnectionAsync(cancellationToken), single);
            }
            catch
            {
                await single.DisposeAsync();
                throw;
            }
        }
        catch (Exception error) when (DatabaseFailures.Explains(error))
        {
            throw DatabaseFailures.Translate(server, error);
        }
    }

    public async Task<bool> ExistsAsync(string server, string database, CancellationToken cancellationToken)
    {
        await using var session = await OpenAsync(server, Maintenance, cancellationToken);
        return await session.HasDatabaseAsync(database, cancellationToken);
    }

    public IEnumerable<DatabaseServer> Describe() => options.Value.Servers.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s =>
    {
        var address = new NpgsqlConnectionStringBuilder(s.Value.ConnectionString);
        return new DatabaseServer
        {
            Name = s.Key,
            Region = s.Value.Region,
            Host = s.Value.PublicHost ?? address.Host!,
            Port = s.Value.PublicPort ?? address.Port,
            MaxTenants = s.Value.MaxTenants,
            MaxSchemasPerDatabase = s.Value.MaxSchemasPerDatabase,
        };
    });

    public async ValueTask DisposeAsync()
    {
        foreach (var pool in pools.Values)
            await pool.DisposeAsync();
    }

    private static bool IsShared(string database) =>
        database is Maintenance or PlacementStore.RowDatabase || database.StartsWith(PlacementStore.SchemaDatabasePrefix, StringComparison.Ordinal);

    // Only built-in types are used: asking each new database for its types would cost more than the work.
    private static NpgsqlDataSource Source(string connectionString) =>
        new NpgsqlDataSourceBuilder(connectionString).ConfigureTypeLoading(t => t.EnableTypeLoading(false)).Build();

    private string ConnectionString(string server, string database)
    {
        if (!options.Value.Servers.TryGetValue(server, out var configured))
        {
            throw StepFailureException.Permanent(
                "server-unknown", $"Database server '{server}' is not configured for this worker.",
                $"Set Saga:Databases:Servers:{server}:ConnectionString for every worker, and replay the operation.");
        }

        return new NpgsqlConnectionStringBuilder(configured.ConnectionString)
        {
            Database = database,
            ApplicationName = "saga-worker",
            MaxPoolSize = MaxPoolSize,
            ConnectionIdleLifetime = IdleSeconds,
            ConnectionPruningInterval = IdleSeconds / 3,
            CommandTimeout = 60,
        }.ConnectionString;
    }
}
