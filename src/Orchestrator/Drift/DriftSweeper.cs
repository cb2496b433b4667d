using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Lifecycle.Drift;
using Saga.Lifecycle.Replay;
using Saga.Registry.Drift;

namespace Saga.Orchestrator.Drift;

/// <summary>
/// Lets scans be posted: those that the schedule asks for, and those that look at what replays have done. Sees to it that quarantines end. Any number may run.
/// </summary>
internal sealed partial class DriftSweeper(DriftScheduler scheduler, ReplayChecks checks, QuarantineStore quarantine, TimeProvider time, ILogger<DriftSweeper> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await RunAsync(checks.RunAsync, LogChecksFailed, stoppingToken);
            await RunAsync(scheduler.RunAsync, LogFailed, stoppingToken);
            await RunAsync(RescheduleAsync, LogNotRescheduled, stoppingToken);
        }
    }

    private async Task RescheduleAsync(CancellationToken cancellationToken)
    {
        if (await quarantine.RescheduleAsync(cancellationToken) is > 0 and var count)
            LogRescheduled(count);
    }

    // One does not stop the other.
    private static async Task RunAsync(Func<CancellationToken, Task> run, Action<Exception> failed, CancellationToken stoppingToken)
    {
        try
        {
            await run(stoppingToken);
        }
        catch (Exception error) when (!stoppingToken.IsCancellationRequested)
        {
            failed(error);
        }
    }

    [LoggerMessage(EventId = 3111, Level = LogLevel.Warning, Message = "The schedule of drift scans could not be checked; trying again.")]
    private partial void LogFailed(Exception error);

    [LoggerMessage(EventId = 3212, Level = LogLevel.Warning, Message = "What replays have done could not be looked at; trying again.")]
    private partial void LogChecksFailed(Exception error);

    [LoggerMessage(
        EventId = 3213, Level = LogLevel.Warning,
        Message = "{Count} things in quarantine were not removed at their time, because their removals were refused or have ended. They are removed a day later. GET /api/v1/drift/quarantine lists them.")]
    private partial void LogRescheduled(int count);

    [LoggerMessage(EventId = 3214, Level = LogLevel.Warning, Message = "Removals from quarantine could not be looked at; trying again.")]
    private partial void LogNotRescheduled(Exception error);
}
