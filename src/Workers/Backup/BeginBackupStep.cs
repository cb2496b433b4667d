using Microsoft.Extensions.Logging;
using Saga.Contracts.Events;
using Saga.Contracts.Steps;
using Saga.Registry.Audit;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Registry.Tenants;
using Saga.Tenancy.Objects;
using Saga.Tenancy.Sealing;
using Saga.Workers.Backup.Keys;
using Saga.Workers.Runtime;
using Saga.Workers.Storage;

namespace Saga.Workers.Backup;

/// <summary>
/// Begins the operation's backup and gives it a key. The compensation is the last one of a backup that fails: it removes whatever is left of
/// it, destroys its key, and raises the alert, once.
/// </summary>
internal sealed partial class BeginBackupStep(
    BackupParts parts, BackupKeys keys, LeasedTransactions leases, RegistryNotifier notifier, ILogger<BeginBackupStep> log) : IStep
{
    private static readonly HashSet<string> Own = new(StringComparer.Ordinal)
    {
        StepNames.BeginBackup, StepNames.BackupRows, StepNames.BackupSettings, StepNames.BackupObjects, StepNames.CompleteBackup, StepNames.CheckBackup,
    };

    // The kind of an operation that does nothing but a backup.
    private const string Kind = "backup";

    public string Name => StepNames.BeginBackup;

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.S3];

    public TimeSpan LingersFor => parts.LingersFor;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var wish = context.Input<BackupWish>();
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        var backup = await BackupRows.BeginAsync(transaction, context.Tenant, context.OperationId, wish.Note, wish.IncludeObjects, Kind, cancellationToken);
        if (backup.IsFailed)
            throw StepFailureException.Permanent("backup-ended", $"Backup {backup.Id} was undone.", "Send the command again.");
        try
        {
            await keys.EnsureAsync(transaction, context.TenantId, backup.Id, cancellationToken);
        }
        catch (SealingException error)
        {
            throw StepFailureException.Permanent("backup-key", error.Message, "Restore the key that the message names, then replay the step.", cause: error);
        }

        await transaction.CommitAsync(cancellationToken);
        return new { BackupId = backup.Id, backup.IncludesObjects };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        BegunBackup backup;
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            // A backup that never began has failed as well, and is shown.
            backup = await BackupRows.BeginAsync(transaction, context.Tenant, context.OperationId, null, null, Kind, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        try
        {
            await parts.RemoveAllAsync(context.TenantId, backup.Id, cancellationToken);
        }
        catch (ObjectStoreException error)
        {
            throw StorageFailures.From(error);
        }

        await FailAsync(context, cancellationToken);
        // After the alert, which must not wait for a second place that is away. A copy that is being made removes itself.
        if (backup.MayHaveCopy)
            await parts.RemoveCopyAsync(context.TenantId, backup.Id, cancellationToken);
    }

    private async Task FailAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await BackupRows.FailAsync(transaction, context.OperationId, cancellationToken) is not { } failed)
            return;
        var code = failed.Cancelled is not null ? "cancelled" : failed.Failure?.Code ?? "unknown";
        var reason = failed.Cancelled ?? failed.Failure?.Message ?? "The operation was undone.";
        await AuditLog.WriteAsync(transaction, AuditActions.BackupFail, context.TenantId, context.OperationId, cancellationToken);
        await transaction.CommitAsync(
            [OutboxWriter.PublishCommand(new TenantBackupFailed
            {
                TenantId = context.TenantId,
                Slug = context.Tenant.Slug,
                BackupId = failed.Id,
                Code = code,
                Reason = reason,
                OperationId = context.OperationId,
                OccurredAt = failed.At,
            })],
            cancellationToken);
        notifier.Notify(RegistryChannels.Outbox);
        // A backup that is undone because something after it failed is no failed backup, and nobody has to look at it.
        if (failed.Cancelled is not null || !SaysSomethingOfBackup(failed))
        {
            LogCancelled(failed.Id, context.Tenant.Slug.ToString(), reason);
            return;
        }

        BackupTelemetry.Failed.Add(1, new KeyValuePair<string, object?>("saga.code", code));
        LogFailed(failed.Id, context.Tenant.Slug.ToString(), code, reason);
    }

    // That it cannot be read again, or that what is restored from it is not what it says, is found by later steps.
    private static bool SaysSomethingOfBackup(FailedBackup failed) => failed.FailedStep is null || Own.Contains(failed.FailedStep) || failed.Failure?.Code == "restore-differs";

    [LoggerMessage(EventId = 2720, Level = LogLevel.Error, Message = "Backup {Backup} of tenant {Tenant} failed with {Code}: {Reason}")]
    private partial void LogFailed(Guid backup, string tenant, string code, string reason);

    [LoggerMessage(EventId = 2721, Level = LogLevel.Information, Message = "Backup {Backup} of tenant {Tenant} was undone. {Reason}")]
    private partial void LogCancelled(Guid backup, string tenant, string reason);
}
