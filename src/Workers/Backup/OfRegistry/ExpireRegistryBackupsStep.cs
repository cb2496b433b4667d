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
using Saga.Workers.Runtime;
using Saga.Workers.Storage;

namespace Saga.Workers.Backup.OfRegistry;

/// <summary>
/// Removes backups of the registry: of each first the registry's own record of the key, then the files, of which the manifest has the wrapped key too,
/// and when their absence was seen the registry says so. The newest complete one stays.
/// </summary>
internal sealed partial class ExpireRegistryBackupsStep(
    RegistryBackupFiles files, LeasedTransactions leases, RegistryNotifier notifier, ILogger<ExpireRegistryBackupsStep> log) : IStep
{
    public string Name => StepNames.ExpireRegistryBackups;

    public bool NeedsInput => true;

    public IEnumerable<string> SystemsOf(StepContext context) => [SystemNames.S3];

    public TimeSpan LingersFor => files.LingersFor;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        var backups = context.Input<ExpireRegistryBackups>().Backups;
        var (removed, left) = (0, 0);
        Failure? away = null;
        foreach (var (index, backup) in backups.Index())
        {
            context.Report(index, backups.Count, "backups", "removing backups of the registry");
            if (!await RemoveAsync(context, backup, cancellationToken))
                continue;
            // A second place that is away is asked once, and must not keep the next backup from its scope.
            away ??= await files.TryRemoveCopyAsync(backup, cancellationToken);
            if (away is not null)
            {
                left++;
                continue;
            }

            await EndAsync(context, backup, cancellationToken);
            removed++;
        }

        if (away is not null)
            LogCopiesLeft(left, away.Code, away.Message);
        return new { Removed = removed, Kept = backups.Count - removed - left, CopiesLeft = left };
    }

    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        LogNotRemoved(context.OperationId);
        return Task.CompletedTask;
    }

    /// <returns>False when the backup is kept.</returns>
    private async Task<bool> RemoveAsync(StepContext context, Guid backup, CancellationToken cancellationToken)
    {
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            if (!await RegistryBackupRows.BeginExpiryAsync(transaction, backup, cancellationToken))
                return false;
            await transaction.CommitAsync(cancellationToken);
        }

        try
        {
            await files.RemoveAllAsync(backup, cancellationToken);
            if (await files.AnyAsync(backup, cancellationToken))
                throw StepFailureException.Transient("still-there", $"Files of backup {backup} of the registry are still there after their removal.", "Look who writes them, then replay the step.", SystemNames.S3);
        }
        catch (ObjectStoreException error)
        {
            throw StorageFailures.From(error);
        }

        return true;
    }

    private async Task EndAsync(StepContext context, Guid backup, CancellationToken cancellationToken)
    {
        await using var end = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await RegistryBackupRows.EndExpiryAsync(end, backup, cancellationToken) is { } at)
        {
            await AuditLog.WriteAsync(end, AuditActions.RegistryBackupExpire, context.OperationId, cancellationToken);
            await end.CommitAsync(
                [OutboxWriter.PublishCommand(new RegistryBackupExpired { BackupId = backup, OperationId = context.OperationId, OccurredAt = at })], cancellationToken);
            notifier.Notify(RegistryChannels.Outbox);
            BackupTelemetry.RegistryExpired.Add(1);
        }
    }

    [LoggerMessage(EventId = 2952, Level = LogLevel.Error, Message = "Expired backups of the registry were not all removed. Operation {Operation} shows why; the rest is removed with the next ones.")]
    private partial void LogNotRemoved(Guid operation);

    [LoggerMessage(EventId = 2959, Level = LogLevel.Warning, Message = "The copies of {Backups} expired backups of the registry were not removed: {Code}: {Reason} They are removed with the next ones.")]
    private partial void LogCopiesLeft(int backups, string code, string reason);
}
