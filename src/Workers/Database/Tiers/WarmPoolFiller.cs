using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Tiers;

/// <summary>Refills the warm pool of every configured server, one database at a time.</summary>
internal sealed partial class WarmPoolFiller(WarmPool pool, ProductRelease release, IOptions<DatabasesOptions> options, TimeProvider time, ILogger<WarmPoolFiller> log) : BackgroundService
{
    // Leaves the resources to other startup work first.
    private static readonly TimeSpan AfterStart = TimeSpan.FromSeconds(5);
    // Commits on a server wait while it copies a database. The delay lets the tenant that took the last one make progress first.
    private static readonly TimeSpan AfterOneWasTaken = TimeSpan.FromMilliseconds(500);
    // Other processes also take warm databases.
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(options.Value.Servers.Where(s => s.Value.WarmDatabases > 0).Select(s => KeepAsync(s.Key, s.Value.WarmDatabases, stoppingToken)));

    private async Task KeepAsync(string server, int enough, CancellationToken stopping)
    {
        await Task.Delay(AfterStart, time, stopping);
        var failing = false;
        while (true)
        {
            try
            {
                await release.EnsureAsync(server, stopping);
                while (await pool.AddAsync(server, enough, stopping))
                    LogMade(server);
                failing = false;
            }
            catch (Exception error) when (!stopping.IsCancellationRequested)
            {
                // Tenants do not depend on the pool, or they report the same problem themselves.
                if (!failing)
                    LogNotKept(error, server, error.Message);
                failing = true;
            }

            if (await pool.TakenAsync(server, Look, stopping))
                await Task.Delay(AfterOneWasTaken, time, stopping);
        }
    }

    [LoggerMessage(EventId = 2300, Level = LogLevel.Debug, Message = "Created a warm database on server {Server}.")]
    private partial void LogMade(string server);

    [LoggerMessage(EventId = 2301, Level = LogLevel.Warning, Message = "No warm databases can be created on server {Server}; trying again: {Reason}")]
    private partial void LogNotKept(Exception error, string server, string reason);
}
