using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Tiers;

/// <summary>Keeps spare databases on every configured server: makes what is missing, one after the other.</summary>
internal sealed partial class SpareKeeper(SpareDatabases spares, IOptions<DatabasesOptions> options, TimeProvider time, ILogger<SpareKeeper> log) : BackgroundService
{
    // A process that starts has other things to do first.
    private static readonly TimeSpan AfterStart = TimeSpan.FromSeconds(5);
    // Commits on a server wait for a copy that is made there: the tenant that took the last one is to be on its way by then.
    private static readonly TimeSpan AfterOneWasTaken = TimeSpan.FromMilliseconds(500);
    // Other processes take them, too.
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(options.Value.Servers.Where(s => s.Value.SpareDatabases > 0).Select(s => KeepAsync(s.Key, s.Value.SpareDatabases, stoppingToken)));

    private async Task KeepAsync(string server, int enough, CancellationToken stopping)
    {
        await Task.Delay(AfterStart, time, stopping);
        var failing = false;
        while (true)
        {
            try
            {
                while (await spares.AddAsync(server, enough, stopping))
                    LogMade(server);
                failing = false;
            }
            catch (Exception error) when (!stopping.IsCancellationRequested)
            {
                // Tenants get theirs without it, or hear of the same trouble themselves.
                if (!failing)
                    LogNotKept(error, server, error.Message);
                failing = true;
            }

            if (await spares.TakenAsync(server, Look, stopping))
                await Task.Delay(AfterOneWasTaken, time, stopping);
        }
    }

    [LoggerMessage(EventId = 2300, Level = LogLevel.Debug, Message = "Made a spare database on server {Server}.")]
    private partial void LogMade(string server);

    [LoggerMessage(EventId = 2301, Level = LogLevel.Warning, Message = "No spare databases can be made on server {Server}; trying again: {Reason}")]
    private partial void LogNotKept(Exception error, string server, string reason);
}
