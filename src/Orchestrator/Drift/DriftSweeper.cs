using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Lifecycle.Drift;

namespace Saga.Orchestrator.Drift;

/// <summary>Lets the scheduler of scans look regularly. Any number may run.</summary>
internal sealed partial class DriftSweeper(DriftScheduler scheduler, TimeProvider time, ILogger<DriftSweeper> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await scheduler.RunAsync(stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(error);
            }
        }
    }

    [LoggerMessage(EventId = 3111, Level = LogLevel.Warning, Message = "The schedule of scans for drift could not be looked at; trying again.")]
    private partial void LogFailed(Exception error);
}
