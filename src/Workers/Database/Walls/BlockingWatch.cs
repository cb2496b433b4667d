using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Walls;

/// <summary>
/// Looks for <see cref="BlockingSessions"/> on every configured server, once a second. Keeps one connection of the server's budget from
/// the start, because the steps that wait for the lock may use up all the others. Any number of processes may watch one server.
/// </summary>
internal sealed partial class BlockingWatch(
    DatabaseServers servers, ConnectionBudgets budgets, IOptions<LockOptions> options, TimeProvider time, ILogger<BlockingWatch> log) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(servers.Names.Select(s => WatchAsync(s, stoppingToken)));

    private async Task WatchAsync(string server, CancellationToken stopping)
    {
        await using var reservation = await ReserveAsync(server, stopping);
        NpgsqlConnection? connection = null;
        var failing = false;
        try
        {
            while (true)
            {
                try
                {
                    connection ??= await servers.OpenReservedAsync(server, stopping);
                    foreach (var ended in await BlockingSessions.EndAsync(connection, TimeSpan.FromSeconds(options.Value.BlockingSeconds), stopping))
                        LogEnded(ended.Login, ended.Database, server, ended.Why);
                    failing = false;
                }
                catch (Exception error) when (error is NpgsqlException or SocketException or TimeoutException or IOException or InvalidOperationException && !stopping.IsCancellationRequested)
                {
                    if (!failing)
                        LogNotWatched(error, server, error.Message);
                    failing = true;
                    if (connection is not null)
                        await connection.DisposeAsync();
                    connection = null;
                }

                await Task.Delay(Look, time, stopping);
            }
        }
        finally
        {
            if (connection is not null)
                await connection.DisposeAsync();
        }
    }

    private async Task<IAsyncDisposable> ReserveAsync(string server, CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                return await budgets.Of(server).ReserveAsync(stopping);
            }
            catch (TimeoutException)
            {
                // Every connection is in use. The next round waits again.
            }
        }
    }

    [LoggerMessage(EventId = 2306, Level = LogLevel.Warning,
        Message = "A session of login {Login} in database {Database} on server {Server} was ended: {Why}. Suspend the tenant if this goes on.")]
    private partial void LogEnded(string login, string database, string server, string why);

    [LoggerMessage(EventId = 2307, Level = LogLevel.Warning, Message = "Locks of tenants' logins on database server {Server} cannot be watched; trying again: {Reason}")]
    private partial void LogNotWatched(Exception error, string server, string reason);
}
