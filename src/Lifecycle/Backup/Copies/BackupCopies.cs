using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Registry.Backups;

namespace Saga.Lifecycle.Backup.Copies;

/// <summary>
/// Posts copies of complete backups that have none. Any number may run: a backup and the number of failures are one operation. After a refusal none is
/// posted for as long as after a failure, because each one is audited and published. For one loop of a process.
/// </summary>
public sealed partial class BackupCopies(
    BackupCopyStore store, ICommandIntake<CopyBackup> intake, IOptions<BackupCopyOptions> options, TimeProvider time, ILogger<BackupCopies> log)
{
    // What is left comes with the next look.
    private const int Most = 20;

    private long? refusedAt;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var pause = TimeSpan.FromMinutes(options.Value.RetryMinutes);
        if (!options.Value.IsOn || (refusedAt is { } last && time.GetElapsedTime(last) < pause))
            return;
        refusedAt = null;
        foreach (var (backup, failures) in await store.MissingAsync(pause, Most, cancellationToken))
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"copy:{backup}:{failures}");
            if (await intake.SubmitAsync(new() { BackupId = backup }, Caller.System, cancellationToken, key) is not CommandRejected { Rejection: { Code: not RejectionCodes.OperationActive } rejection })
                continue;
            refusedAt = time.GetTimestamp();
            LogRefused(backup, options.Value.RetryMinutes, rejection.Code, rejection.Detail);
            // The others would be refused as well.
            if (rejection.Code is RejectionCodes.StepNotHosted or RejectionCodes.EngineTooOld)
                return;
        }
    }

    [LoggerMessage(EventId = 2956, Level = LogLevel.Warning, Message = "The copy of backup {Backup} was refused, and is tried again in {Minutes} minutes: {Code}: {Detail}")]
    private partial void LogRefused(Guid backup, int minutes, string code, string detail);
}
