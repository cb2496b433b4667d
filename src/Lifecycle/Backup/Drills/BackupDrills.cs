using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Registry.Backups;
using Saga.Registry.Scopes;

namespace Saga.Lifecycle.Backup.Drills;

/// <summary>Posts one drill for each period. Any number may run: the period is the idempotency key. Thread-safe.</summary>
public sealed partial class BackupDrills(BackupDrillStore store, ICommandIntake<DrillBackup> intake, IOptions<BackupDrillOptions> options, ILogger<BackupDrills> log)
{
    // A backup that has just been made is often still being looked at.
    private static readonly TimeSpan Settled = TimeSpan.FromHours(1);

    private static readonly TimeSpan Patience = TimeSpan.FromDays(1);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (options.Value.EveryDays == 0)
            return;
        var now = await store.NowAsync(cancellationToken);
        var length = TimeSpan.FromDays(options.Value.EveryDays);
        var number = now.UtcTicks / length.Ticks;
        var period = string.Create(CultureInfo.InvariantCulture, $"drill:{options.Value.EveryDays}:{number}");
        if (await store.SampleAsync(period, new(number * length.Ticks, TimeSpan.Zero), now - Settled, cancellationToken) is not var (tenant, backup))
            return;
        var outcome = await intake.SubmitAsync(new() { TenantId = tenant, BackupId = backup }, Caller.System, cancellationToken, period, wait: new ScopeWait(now + Patience));
        if (outcome is CommandRejected { Rejection: { Code: not RejectionCodes.IdempotencyKeyReused } rejection })
            LogRefused(backup, rejection.Code, rejection.Detail);
    }

    [LoggerMessage(EventId = 2877, Level = LogLevel.Error, Message = "The drill of backup {Backup} was refused with {Code}, and is tried again in an hour: {Detail}")]
    private partial void LogRefused(Guid backup, string code, string detail);
}
