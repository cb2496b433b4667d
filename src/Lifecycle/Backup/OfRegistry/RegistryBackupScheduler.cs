using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Backup.Schedules;
using Saga.Lifecycle.Intake;
using Saga.Registry.Backups.OfRegistry;
using Saga.Registry.Scopes;

namespace Saga.Lifecycle.Backup.OfRegistry;

/// <summary>
/// Posts backups of the registry when the schedule says so, and their removal when their time is over. Any number may run: a run's idempotency key
/// is its time.
/// Runs that were missed are made up for once. For one loop of a process.
/// </summary>
public sealed partial class RegistryBackupScheduler(
    RegistryBackupStore store, ICommandIntake<BackUpRegistry> backups, ICommandIntake<ExpireRegistryBackups> expiries, IOptions<RegistryBackupOptions> options,
    ILogger<RegistryBackupScheduler> log)
{
    private const int MostExpired = 100;

    // Until the next day's run takes its place.
    private static readonly TimeSpan Patience = TimeSpan.FromHours(20);

    // Each refusal is audited and published, and what refuses a run is seldom over in a minute.
    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    private DateTimeOffset pausedUntil;
    private DateTimeOffset saidRefused;
    private DateTimeOffset saidMissing;

    /// <summary>Posts the run that is due. After a refusal none is posted for an hour.</summary>
    /// <returns>Whether one was accepted.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Cron == BackupCalendar.None)
            return false;
        var times = await store.TimesAsync(cancellationToken);
        // An hour that was before the registry was there was not missed.
        if (times.Now < pausedUntil || Next(times.ScheduledAt ?? times.InstalledAt) is not { } due || due > times.Now)
            return false;
        var command = new BackUpRegistry { Note = string.Create(CultureInfo.InvariantCulture, $"Scheduled for {due.UtcDateTime:u}.") };
        var key = string.Create(CultureInfo.InvariantCulture, $"registry-backup:{due.UtcTicks}");
        if (await backups.SubmitAsync(command, Caller.System, cancellationToken, key, wait: new ScopeWait(times.Now + Patience)) is not CommandRejected { Rejection: var rejection })
            return true;
        pausedUntil = times.Now + Pause;
        // Processes of this version are about to start.
        var isStarting = rejection.Code is RejectionCodes.StepNotHosted or RejectionCodes.EngineTooOld && times.Now < due + TimeSpan.FromHours(1);
        if (!isStarting && saidRefused != due)
        {
            saidRefused = due;
            LogRefused(due.UtcDateTime, rejection.Code, rejection.Detail);
        }

        return false;
    }

    /// <summary>Raises the alert, once for each run in each process, if the schedule ran and no backup is complete a while later.</summary>
    /// <returns>Whether one is missing.</returns>
    public async Task<bool> WatchAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Cron == BackupCalendar.None)
            return false;
        var times = await store.TimesAsync(cancellationToken);
        var since = times.CompleteFrom is { } complete && complete > times.InstalledAt ? complete : times.InstalledAt;
        if (Next(since) is not { } due || due > times.Now - TimeSpan.FromHours(options.Value.LateHours))
            return false;
        if (saidMissing != due)
        {
            saidMissing = due;
            LogMissing(due.UtcDateTime);
        }

        return true;
    }

    /// <summary>Posts the removal of backups whose time is over. The same ones on the same day are one operation.</summary>
    public async Task ExpireAsync(CancellationToken cancellationToken)
    {
        var expired = await store.ExpiredAsync(options.Value.KeepDays, options.Value.KeepLast, MostExpired, cancellationToken);
        if (expired.Count == 0)
            return;
        var now = (await store.TimesAsync(cancellationToken)).Now;
        var key = string.Create(CultureInfo.InvariantCulture, $"expire-registry:{expired[^1]}:{expired.Count}:{now.UtcDateTime:yyyy-MM-dd}");
        if (await expiries.SubmitAsync(new() { Backups = expired }, Caller.System, cancellationToken, key, wait: new ScopeWait(now + Patience)) is CommandRejected { Rejection: var rejection })
            LogNotRemoved(rejection.Code, rejection.Detail);
    }

    private DateTimeOffset? Next(DateTimeOffset after) => BackupCalendar.Next(options.Value.Cron, "UTC", TimeSpan.Zero, after);

    [LoggerMessage(EventId = 2953, Level = LogLevel.Error, Message = "The backup of the registry that was scheduled for {DueAt:u} was refused with {Code}, and is tried again in an hour: {Detail}")]
    private partial void LogRefused(DateTime dueAt, string code, string detail);

    [LoggerMessage(EventId = 2954, Level = LogLevel.Error, Message = "The registry has no complete backup since its schedule ran at {Since:u}. GET /api/v1/fleet/registry/backups shows why.")]
    private partial void LogMissing(DateTime since);

    [LoggerMessage(EventId = 2955, Level = LogLevel.Error, Message = "The removal of expired backups of the registry was refused with {Code}, and is tried again in an hour: {Detail}")]
    private partial void LogNotRemoved(string code, string detail);
}
