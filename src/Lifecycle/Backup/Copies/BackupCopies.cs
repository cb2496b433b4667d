using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Registry.Backups;

namespace Saga.Lifecycle.Backup.Copies;

/// <summary>Posts copies of complete backups that have none. Any number may run: a backup and the number of failures are one operation. Thread-safe.</summary>
public sealed partial class BackupCopies(BackupCopyStore store, ICommandIntake<CopyBackup> intake, IOptions<BackupCopyOptions> options, ILogger<BackupCopies> log)
{
    // What is left comes with the next look.
    private const int Most = 20;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (!options.Value.IsOn)
            return;
        foreach (var (backup, failures) in await store.MissingAsync(TimeSpan.FromMinutes(options.Value.RetryMinutes), Most, cancellationToken))
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"copy:{backup}:{failures}");
            if (await intake.SubmitAsync(new() { BackupId = backup }, Caller.System, cancellationToken, key) is CommandRejected { Rejection: { Code: not RejectionCodes.OperationActive } rejection })
                LogRefused(backup, rejection.Code, rejection.Detail);
        }
    }

    [LoggerMessage(EventId = 2956, Level = LogLevel.Warning, Message = "The copy of backup {Backup} was refused with {Code}, and is tried again: {Detail}")]
    private partial void LogRefused(Guid backup, string code, string detail);
}
