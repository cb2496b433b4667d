using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Lifecycle.Backup.Copies;
using Saga.Lifecycle.Backup.Drills;
using Saga.Lifecycle.Backup.OfRegistry;
using Saga.Lifecycle.Backup.Retention;
using Saga.Lifecycle.Backup.Schedules;
using Saga.Registry.Backups;

namespace Saga.Orchestrator.Backups;

/// <summary>Lets the scheduler, the retention and the drills of backups look regularly. Any number may run.</summary>
internal sealed partial class BackupSweeper(
    BackupScheduler scheduler, BackupRetention retention, BackupDrills drills, BackupDrillStore proofs, RegistryBackupScheduler registry, BackupCopies copies, TimeProvider time, ILogger<BackupSweeper> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RarelyEvery = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        long? looked = null;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await TryAsync(async () =>
            {
                await scheduler.RunAsync(stoppingToken);
                OrchestratorTelemetry.MissingBackups = await scheduler.WatchAsync(stoppingToken);
            }, stoppingToken);
            await TryAsync(async () =>
            {
                await registry.RunAsync(stoppingToken);
                OrchestratorTelemetry.MissingRegistryBackups = await registry.WatchAsync(stoppingToken) ? 1 : 0;
            }, stoppingToken);
            await TryAsync(() => copies.RunAsync(stoppingToken), stoppingToken);
            if (looked is not null && time.GetElapsedTime(looked.Value) < RarelyEvery)
                continue;
            // First, because it is the alarm if one of the others fails each time.
            var known = await TryAsync(async () => OrchestratorTelemetry.ProvenAge = (await proofs.AgeAsync(stoppingToken))?.TotalSeconds ?? -1, stoppingToken);
            known &= await TryAsync(() => registry.ExpireAsync(stoppingToken), stoppingToken);
            if (await TryAsync(() => retention.RunAsync(stoppingToken), stoppingToken) & await TryAsync(() => drills.RunAsync(stoppingToken), stoppingToken) & known)
                looked = time.GetTimestamp();
        }
    }

    private async Task<bool> TryAsync(Func<Task> look, CancellationToken stoppingToken)
    {
        try
        {
            await look();
            return true;
        }
        catch (Exception error) when (!stoppingToken.IsCancellationRequested)
        {
            LogFailed(error);
            return false;
        }
    }

    [LoggerMessage(EventId = 2873, Level = LogLevel.Warning, Message = "Schedules, retention and drills of backups could not be checked; trying again.")]
    private partial void LogFailed(Exception error);
}
