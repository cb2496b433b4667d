using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Lifecycle.Backup.Schedules;

namespace Saga.Orchestrator.Backups;

/// <summary>Lets the scheduler of backups look regularly. Any number may run.</summary>
internal sealed partial class BackupSweeper(BackupScheduler scheduler, TimeProvider time, ILogger<BackupSweeper> log) : BackgroundService
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
                OrchestratorTelemetry.MissingBackups = await scheduler.WatchAsync(stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(error);
            }
        }
    }

    [LoggerMessage(EventId = 2873, Level = LogLevel.Warning, Message = "The schedules of backups could not be read; trying again.")]
    private partial void LogFailed(Exception error);
}
