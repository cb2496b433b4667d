using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Backup.Schedules;
using Saga.Lifecycle.Intake;
using Saga.Registry.Drift;
using Saga.Registry.Scopes;

namespace Saga.Lifecycle.Drift;

/// <summary>
/// Posts a scan of everything when the schedule says so. Any number may run: a run's idempotency key is its time. Runs that were missed are made up for once.
/// For one loop of a process.
/// </summary>
public sealed partial class DriftScheduler(DriftStore store, ICommandIntake<ScanDrift> scans, IOptions<DriftOptions> options, ILogger<DriftScheduler> log)
{
    private static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    // Each refusal is audited and published, and what refuses a run is seldom over in a minute.
    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    private DateTimeOffset pausedUntil;

    /// <summary>Posts the run that is due. After a refusal none is posted for an hour.</summary>
    /// <returns>Whether one was accepted.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Cron == BackupCalendar.None)
            return false;
        if (await store.NowAsync(cancellationToken) < pausedUntil)
            return false;
        var times = await store.TimesAsync(cancellationToken);
        if (BackupCalendar.Next(options.Value.Cron, "UTC", TimeSpan.Zero, times.ScheduledAt ?? times.InstalledAt) is not { } due)
            return false;
        if (due > times.Now)
        {
            // Until then nobody posts another one, and the last one need not be looked for among all operations.
            pausedUntil = due;
            return false;
        }

        var key = string.Create(CultureInfo.InvariantCulture, $"drift-scan:{due.UtcTicks}");
        if (await scans.SubmitAsync(new() { All = true }, Caller.System, cancellationToken, key, wait: new ScopeWait(times.Now + Patience)) is not CommandRejected { Rejection: var rejection })
            return true;
        pausedUntil = times.Now + Pause;
        LogRefused(due.UtcDateTime, rejection.Code, rejection.Detail);
        return false;
    }

    [LoggerMessage(EventId = 3110, Level = LogLevel.Warning, Message = "The scan for drift that was scheduled for {DueAt:u} was refused with {Code}, and is tried again in an hour: {Detail}")]
    private partial void LogRefused(DateTime dueAt, string code, string detail);
}
