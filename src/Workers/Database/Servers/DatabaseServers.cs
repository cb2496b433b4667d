using System.Collections.Concurrent;
using System.Data;
using System.Globalization;
using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Registry.Connections;
using Saga.Registry.Placements;
using Saga.Workers.Database.Walls;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Servers;

/// <summary>Administrators' connections to the configured servers. Thread-safe.</summary>
internal sealed class DatabaseServers(IOptions<DatabasesOptions> options, IOptions<LockOptions> locks, ConnectionBudgets budgets) : IAsyncDisposable
{
    /// <summary>The scope of advisory locks is one database, so every worker takes the server-wide ones in this database.</summary>
    public const string Maintenance = "postgres";

    private readonly ConcurrentDictionary<(string Server, string Database), NpgsqlDataSource> sources = [];

    public IReadOnlyCollection<string> Names => options.Value.Servers.Keys;

    /// <exception cref="StepFailureException">The server is not configured here, or cannot be reached.</exception>
    public Task<ServerSession> OpenAsync(string server, string database, CancellationToken cancellationToken) =>
        OpenAsync(server, database, budgets.Of(server).ReserveAsync, cancellationToken);

    /// <summary>The same for a caller that already holds a session of the server.</summary>
    public Task<ServerSession> OpenSecondAsync(string server, string database, CancellationToken cancellationToken) =>
        OpenAsync(server, database, budgets.Of(server).ReserveSecondAsync, cancellationToken);

    /// <summary>The same as another login. The database must not be one that tenants share.</summary>
    public Task<ServerSession> OpenSecondAsync(string server, string database, string login, string password, CancellationToken cancellationToken) => OpenAsync(
        server, database, budgets.Of(server).ReserveSecondAsync, cancellationToken,
        new NpgsqlConnectionStringBuilder(ConnectionString(server, database)) { Username = login, Password = password }.ConnectionString);

    /// <summary>The address and the login of one database, for programs that connect by themselves.</summary>
    /// <exception cref="StepFailureException">The server is not configured here.</exception>
    public NpgsqlConnectionStringBuilder Address(string server, string database) => new(ConnectionString(server, database));

    /// <summary>A connection for which the caller has reserved room in the server's budget.</summary>
    public async Task<NpgsqlConnection> OpenReservedAsync(string server, CancellationToken cancellationToken, string database = Maintenance)
    {
        var connection = new NpgsqlConnection(ConnectionString(server, database));
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>The server's replicas by name, with the addresses for tenants' own connections; empty for a server that is not configured here.</summary>
    public IReadOnlyList<ServerReplica> ReplicasOf(string server) => options.Value.Servers.GetValueOrDefault(server) is not { } configured ? [] :
    [
        .. configured.Replicas.OrderBy(r => r.Key, StringComparer.Ordinal)
            .Select(r => new ServerReplica(r.Key, r.Value.PublicHost ?? r.Value.Host, r.Value.PublicPort ?? r.Value.Port, r.Value.Zone)),
    ];

    /// <summary>A session on one of the server's replicas. It counts against a budget of its own.</summary>
    /// <exception cref="StepFailureException">The replica cannot be reached. The failure names it as <see cref="ReplicaName"/>.</exception>
    public async Task<ServerSession> OpenReplicaAsync(string server, string replica, CancellationToken cancellationToken)
    {
        var name = ReplicaName(server, replica);
        var address = options.Value.Servers[server].Replicas[replica];
        try
        {
            var reservation = await budgets.Of(name).ReserveAsync(cancellationToken);
            try
            {
                var source = Source(new NpgsqlConnectionStringBuilder(ConnectionString(server, Maintenance)) { Host = address.Host, Port = address.Port }.ConnectionString);
                return new ServerSession(name, await OpenAsync(server, source, cancellationToken), async connection =>
                {
                    await connection.DisposeAsync();
                    await source.DisposeAsync();
                    await reservation.DisposeAsync();
                });
            }
            catch
            {
                await reservation.DisposeAsync();
                throw;
            }
        }
        catch (TimeoutException error)
        {
            throw DatabaseFailures.NoConnectionFree(name, error);
        }
        catch (Exception error) when (DatabaseFailures.Explains(error))
        {
            throw DatabaseFailures.Translate(name, error);
        }
    }

    /// <summary>The name of a replica in failures, budgets and circuits, so that an outage of one does not look like the server's.</summary>
    public static string ReplicaName(string server, string replica) => $"{server}/{replica}";

    private async Task<ServerSession> OpenAsync(
        string server, string database, Func<CancellationToken, Task<ServerConnections.Reservation>> reserve, CancellationToken cancellationToken,
        string? connectionString = null)
    {
        connectionString ??= ConnectionString(server, database);
        try
        {
            var reservation = await reserve(cancellationToken);
            try
            {
                // Connections to a tenant's own database are not kept, because it is soon dropped, copied or idle.
                if (!IsShared(database))
                {
                    var single = Source(connectionString);
                    return new ServerSession(server, await OpenAsync(server, single, cancellationToken), async connection =>
                    {
                        await connection.DisposeAsync();
                        await single.DisposeAsync();
                        await reservation.DisposeAsync();
                    });
                }

                var opened = reservation.Take(database)
                    ?? await OpenSupportedAsync(server, sources.GetOrAdd((server, database), _ => Source(connectionString)), cancellationToken);
                return new ServerSession(server, opened, async connection =>
                {
                    if (await IsCleanAsync(connection))
                    {
                        await reservation.KeepAsync(database, connection);
                        return;
                    }

                    await connection.DisposeAsync();
                    await reservation.DisposeAsync();
                });
            }
            catch
            {
                await reservation.DisposeAsync();
                throw;
            }
        }
        catch (TimeoutException error)
        {
            throw DatabaseFailures.NoConnectionFree(server, error);
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
            Replicas = ReplicasOf(s.Key),
        };
    });

    public async ValueTask DisposeAsync()
    {
        foreach (var source in sources.Values)
            await source.DisposeAsync();
    }

    private static async Task<NpgsqlConnection> OpenAsync(string server, NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        try
        {
            return await OpenSupportedAsync(server, source, cancellationToken);
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }
    }

    // Checked on every connection, because a server that was away at start, or has moved since, may be another one.
    private static async Task<NpgsqlConnection> OpenSupportedAsync(string server, NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        var connection = await source.OpenConnectionAsync(cancellationToken);
        if (SupportedPostgres.Refusal(ConfiguredServerBudgets.Section(server), connection.PostgreSqlVersion) is not { } refusal)
            return connection;
        await connection.DisposeAsync();
        throw DatabaseFailures.TooOld(server, refusal);
    }

    // Resets the session's locks and settings. A broken connection, or one in a transaction, is not reused.
    private static async Task<bool> IsCleanAsync(NpgsqlConnection connection)
    {
        try
        {
            if (connection.FullState != ConnectionState.Open)
                return false;
            await connection.ExecuteAsync("discard all");
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private static bool IsShared(string database) =>
        database is Maintenance or PlacementStore.RowDatabase || database.StartsWith(PlacementStore.SchemaDatabasePrefix, StringComparison.Ordinal);

    // Only built-in types, because loading the types of each new database would cost more than the work.
    private static NpgsqlDataSource Source(string connectionString) =>
        new NpgsqlDataSourceBuilder(connectionString).ConfigureTypeLoading(t => t.EnableTypeLoading(false)).Build();

    private string ConnectionString(string server, string database)
    {
        if (!options.Value.Servers.TryGetValue(server, out var configured))
        {
            throw StepFailureException.Permanent(
                "server-unknown", $"Database server '{server}' is not configured for this worker.",
                $"Set Saga:Databases:Servers:{server}:ConnectionString for every worker, then replay the operation.");
        }

        return new NpgsqlConnectionStringBuilder(configured.ConnectionString)
        {
            Database = database,
            ApplicationName = "saga-worker",
            // Connections are kept here, within the server's budget, because an Npgsql pool covers only one database.
            Pooling = false,
            CommandTimeout = 60,
            // A statement that waits for a lock must not look like a server that does not answer. DISCARD ALL restores this value.
            Options = string.Create(
                CultureInfo.InvariantCulture,
                $"{new NpgsqlConnectionStringBuilder(configured.ConnectionString).Options} -c lock_timeout={locks.Value.LockSeconds}s -c idle_in_transaction_session_timeout={locks.Value.IdleInTransactionSeconds}s").Trim(),
        }.ConnectionString;
    }
}
