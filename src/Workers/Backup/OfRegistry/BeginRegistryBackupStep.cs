using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Saga.Contracts.Commands;
using Saga.Contracts.Events;
using Saga.Contracts.Steps;
using Saga.Registry.Audit;
using Saga.Registry.Backups.OfRegistry;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Tenancy.Objects;
using Saga.Workers.Backup.Format;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;
using Saga.Workers.Storage;

namespace Saga.Workers.Backup.OfRegistry;

/// <summary>
/// Begins the operation's backup of the registry and gives it a key. The compensation is the last one: it removes whatever is left of a backup that is not
/// complete, destroys its key, and raises the alert, once. A complete one stays.
/// </summary>
internal sealed partial class BeginRegistryBackupStep(
    RegistryBackupFiles files, MasterKeys masters, LeasedTransactions leases, RegistryNotifier notifier, ILogger<BeginRegistryBackupStep> log) : IStep
{
    public string Name => StepNames.BeginRegistryBackup;

    public bool NeedsInput => true;

    public IEnumerable<string> SystemsOf(StepContext context) => [SystemNames.S3];

    public TimeSpan LingersFor => files.LingersFor;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        var backup = await RegistryBackupRows.BeginAsync(transaction, context.OperationId, context.Input<BackUpRegistry>().Note, cancellationToken);
        if (backup.IsFailed)
            throw StepFailureException.Permanent("backup-ended", $"Backup {backup.Id} was undone.", "Send the command again.");
        if (backup.WrappedKey is null && !backup.IsComplete)
        {
            var key = RandomNumberGenerator.GetBytes(PartFormat.KeyBytes);
            await RegistryBackupRows.SetKeyAsync(transaction, backup.Id, masters.Active, masters.WrapForRegistry(backup.Id, key), cancellationToken);
            CryptographicOperations.ZeroMemory(key);
        }

        await transaction.CommitAsync(cancellationToken);
        return new { BackupId = backup.Id };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        BegunRegistryBackup backup;
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            // A backup that never began has failed as well, and is shown.
            backup = await RegistryBackupRows.BeginAsync(transaction, context.OperationId, null, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        // It is good, and it may be what the registry was restored from: in a restored registry this operation still runs and can be cancelled.
        if (backup.IsComplete)
            return;
        try
        {
            await files.RemoveAllAsync(backup.Id, cancellationToken);
        }
        catch (ObjectStoreException error)
        {
            throw StorageFailures.From(error);
        }

        await FailAsync(context, cancellationToken);
    }

    private async Task FailAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await RegistryBackupRows.FailAsync(transaction, context.OperationId, cancellationToken) is not { } failed)
            return;
        var code = failed.Cancelled is not null ? "cancelled" : failed.Failure?.Code ?? "unknown";
        var reason = failed.Cancelled ?? failed.Failure?.Message ?? "The operation was undone.";
        await AuditLog.WriteAsync(transaction, AuditActions.RegistryBackupFail, context.OperationId, cancellationToken);
        await transaction.CommitAsync(
            [OutboxWriter.PublishCommand(new RegistryBackupFailed { BackupId = failed.Id, Code = code, Reason = reason, OperationId = context.OperationId, OccurredAt = failed.At })],
            cancellationToken);
        notifier.Notify(RegistryChannels.Outbox);
        if (failed.Cancelled is not null)
        {
            LogCancelled(failed.Id, reason);
            return;
        }

        BackupTelemetry.RegistryFailed.Add(1, new KeyValuePair<string, object?>("saga.code", code));
        LogFailed(failed.Id, code, reason);
    }

    [LoggerMessage(EventId = 2950, Level = LogLevel.Error, Message = "Backup {Backup} of the registry failed with {Code}: {Reason}")]
    private partial void LogFailed(Guid backup, string code, string reason);

    [LoggerMessage(EventId = 2951, Level = LogLevel.Information, Message = "Backup {Backup} of the registry was undone. {Reason}")]
    private partial void LogCancelled(Guid backup, string reason);
}
