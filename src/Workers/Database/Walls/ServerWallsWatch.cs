using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Walls;

/// <summary>
/// Checks the isolation settings of every configured server after the start and every few minutes from then on, because logins and other people change
/// the server while workers run. A server that was away is checked once it is back.
/// </summary>
internal sealed partial class ServerWallsWatch(
    ServerWalls walls, DatabaseServers servers, IOptions<WallOptions> options, TimeProvider time, ILogger<ServerWallsWatch> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(servers.Names.Select(s => CheckAsync(s, stoppingToken)));

    private async Task CheckAsync(string server, CancellationToken stopping)
    {
        for (var failing = false; ;)
        {
            try
            {
                await walls.CheckAsync(server, stopping);
                failing = false;
            }
            catch (Exception error) when (!stopping.IsCancellationRequested)
            {
                // Steps report a server that is away themselves.
                if (!failing)
                    LogNotChecked(error, server, error.Message);
                failing = true;
            }

            await Task.Delay(failing ? Pause : TimeSpan.FromMinutes(options.Value.WallCheckMinutes), time, stopping);
        }
    }

    [LoggerMessage(EventId = 2305, Level = LogLevel.Warning, Message = "What keeps tenants apart on database server {Server} cannot be checked yet; trying again: {Reason}")]
    private partial void LogNotChecked(Exception error, string server, string reason);
}
