using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Walls;

/// <summary>Checks the walls of every configured server after the start, and once a server that was away is back.</summary>
internal sealed partial class ServerWallsAtStart(ServerWalls walls, DatabaseServers servers, TimeProvider time, ILogger<ServerWallsAtStart> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(servers.Names.Select(s => CheckAsync(s, stoppingToken)));

    private async Task CheckAsync(string server, CancellationToken stopping)
    {
        for (var first = true; ; first = false)
        {
            try
            {
                await walls.CheckAsync(server, stopping);
                return;
            }
            catch (Exception error) when (!stopping.IsCancellationRequested)
            {
                // Steps report a server that is away themselves.
                if (first)
                    LogNotChecked(error, server, error.Message);
            }

            await Task.Delay(Pause, time, stopping);
        }
    }

    [LoggerMessage(EventId = 2305, Level = LogLevel.Warning, Message = "What keeps tenants apart on database server {Server} cannot be checked yet; trying again: {Reason}")]
    private partial void LogNotChecked(Exception error, string server, string reason);
}
