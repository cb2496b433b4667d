using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Registry.Sweep;

namespace Saga.Orchestrator.Sweep;

/// <summary>Records at short intervals that the engine runs, so that time in which it did not uses up no deadline.</summary>
internal sealed partial class DowntimeWatch(IDowntimeStore store, TimeProvider time, ILogger<DowntimeWatch> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Downtime.Interval, time);
        do
        {
            try
            {
                var downtime = await store.BeatAsync(stoppingToken);
                if (downtime > TimeSpan.Zero)
                    LogDowntime(downtime);
                else if (downtime < TimeSpan.Zero)
                    LogSetBack(-downtime);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                // The silence counts as downtime if it lasts.
                LogNotBeaten(error);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(EventId = 2422, Level = LogLevel.Information, Message = "No orchestrator ran for {Downtime}, or the registry's clock jumped by that much. Deadlines are extended by it.")]
    private partial void LogDowntime(TimeSpan downtime);

    [LoggerMessage(EventId = 2423, Level = LogLevel.Warning, Message = "The registry's clock was set back by {Time}. Due times and leases of unfinished operations were set back with it.")]
    private partial void LogSetBack(TimeSpan time);

    [LoggerMessage(EventId = 2424, Level = LogLevel.Warning, Message = "The engine's heartbeat could not be written to the registry; trying again.")]
    private partial void LogNotBeaten(Exception error);
}
