using System.Diagnostics;
using Npgsql;

namespace Saga.Bench.Burst;

/// <summary>Counts the connections of the server and the operations under way, by one connection of its own that it does not count.</summary>
internal sealed class ServerWatch : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private readonly NpgsqlConnection connection;
    private readonly CancellationTokenSource stop = new();
    private readonly Task looking;
    private readonly SemaphoreSlim alone = new(1, 1);
    private long most;

    private ServerWatch(NpgsqlConnection connection)
    {
        this.connection = connection;
        looking = KeepLookingAsync();
    }

    public static async Task<ServerWatch> StartAsync(string registry)
    {
        var opened = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(registry) { Pooling = false }.ConnectionString);
        await opened.OpenAsync();
        return new ServerWatch(opened);
    }

    /// <summary>Waits until no operation is under way.</summary>
    /// <remarks>Those that still are when the time is over show in the result.</remarks>
    public async Task EndAsync(TimeSpan limit)
    {
        var began = Stopwatch.GetTimestamp();
        while (await AloneAsync(LookAsync) > 0 && Stopwatch.GetElapsedTime(began) < limit)
            await Task.Delay(Pause);
    }

    /// <summary>What came of the run, with the most connections since the last one.</summary>
    public Task<BurstResult> ResultAsync(BurstRun run, int putOff, int refused) => AloneAsync(async () =>
    {
        await using var limit = new NpgsqlCommand("select current_setting('max_connections')::int", connection);
        var result = await BurstResult.ReadAsync(run, connection, most, (int)(await limit.ExecuteScalarAsync())!, putOff, refused);
        most = 0;
        return result;
    });

    /// <summary>From now on the server takes so many tenants and no more.</summary>
    public Task LeaveRoomAsync(int room) => AloneAsync(async () =>
    {
        await using var set = new NpgsqlCommand("update database_servers set max_tenants = placed + $1", connection) { Parameters = { new() { Value = room } } };
        return await set.ExecuteNonQueryAsync();
    });

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await looking;
        await connection.DisposeAsync();
        stop.Dispose();
        alone.Dispose();
    }

    private async Task KeepLookingAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            await AloneAsync(LookAsync);
            await Task.Delay(Pause);
        }
    }

    private async Task<long> LookAsync()
    {
        await using var count = new NpgsqlCommand(
            """
            select (select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()),
                (select count(*) from operations where state in ('accepted', 'running', 'compensating'))
            """, connection);
        await using var row = await count.ExecuteReaderAsync();
        await row.ReadAsync();
        most = Math.Max(most, row.GetInt64(0));
        return row.GetInt64(1);
    }

    private async Task<T> AloneAsync<T>(Func<Task<T>> work)
    {
        await alone.WaitAsync();
        try
        {
            return await work();
        }
        finally
        {
            alone.Release();
        }
    }
}
