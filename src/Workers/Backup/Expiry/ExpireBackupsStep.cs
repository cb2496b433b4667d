using Microsoft.Extensions.Logging;
using Saga.Contracts.Events;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Audit;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Registry.Tenants;
using Saga.Tenancy.Objects;
using Saga.Workers.Backup.Files;
using Saga.Workers.Runtime;
using Saga.Workers.Storage;

namespace Saga.Workers.Backup.Expiry;

/// <summary>
/// Removes backups. Of each first the key, then the files, and when their absence was seen the registry says so. A step that is stopped in between
/// leaves a backup that nobody can restore or read, and the next one removes the rest. So does one that cannot reach the copy.
/// </summary>
internal sealed partial class ExpireBackupsStep(
    BackupParts parts, IBackupFiles files, LeasedTransactions leases, RegistryNotifier notifier, ILogger<ExpireBackupsStep> log) : IStep
{
    public string Name => StepNames.ExpireBackups;

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.S3];

    public TimeSpan LingersFor => parts.LingersFor;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        var wish = context.Input<ExpiryWish>();
        // Without a list all of them, which only the end of a tenant may want. The command may have waited for an operation that restored the tenant.
        if (wish.Backups is null && context.Tenant.Status != TenantStatus.Deprovisioned)
            return new { Removed = 0, KeptBecause = "The tenant was restored." };
        var evenLast = wish.Backups is null || wish.EvenLast == true;
        IReadOnlyList<Guid> found;
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
            found = await BackupExpiryRows.ListAsync(transaction, context.TenantId, wish.Backups, cancellationToken);
        var (removed, left) = (0, 0);
        Failure? away = null;
        foreach (var (index, backup) in found.Index())
        {
            context.Report(index, found.Count, "backups", "removing backups");
            if (!await RemoveAsync(context, backup, evenLast, all: wish.Backups is null, cancellationToken))
                continue;
            // Whoever destroys all of them waits for the copy. Others must not keep the tenant's scope until it is back, and ask it only once, because
            // a place that does not answer takes long to say so.
            if (wish.Backups is null)
                await parts.RemoveCopyAsync(context.TenantId, backup, cancellationToken);
            else
                away ??= await parts.TryRemoveCopyAsync(context.TenantId, backup, cancellationToken);
            if (away is not null)
            {
                left++;
                continue;
            }

            await EndAsync(context, backup, cancellationToken);
            removed++;
        }

        if (away is not null)
            LogCopiesLeft(left, context.Tenant.Slug.ToString(), away.Code, away.Message);
        return new { Removed = removed, Kept = found.Count - removed - left, CopiesLeft = left };
    }

    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        LogNotRemoved(context.Tenant.Slug.ToString(), context.OperationId);
        return Task.CompletedTask;
    }

    /// <returns>False when the backup is kept.</returns>
    private async Task<bool> RemoveAsync(StepContext context, Guid backup, bool evenLast, bool all, CancellationToken cancellationToken)
    {
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            if (!await BackupExpiryRows.BeginAsync(transaction, context.TenantId, backup, evenLast, all, cancellationToken))
                return false;
            await transaction.CommitAsync(cancellationToken);
        }

        try
        {
            await parts.RemoveAllAsync(context.TenantId, backup, cancellationToken);
            if ((await files.ListAsync(BackupParts.Folder(context.TenantId, backup), cancellationToken)).Count > 0)
                throw StepFailureException.Transient("still-there", $"Files of backup {backup} are still there after their removal.", "Look who writes them, then replay the step.", SystemNames.S3);
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
        if (await BackupExpiryRows.EndAsync(end, backup, cancellationToken) is { } at)
        {
            await AuditLog.WriteAsync(end, AuditActions.BackupExpire, context.TenantId, context.OperationId, cancellationToken);
            await end.CommitAsync(
                [OutboxWriter.PublishCommand(new TenantBackupExpired
                {
                    TenantId = context.TenantId,
                    Slug = context.Tenant.Slug,
                    BackupId = backup,
                    OperationId = context.OperationId,
                    OccurredAt = at,
                })],
                cancellationToken);
            notifier.Notify(RegistryChannels.Outbox);
            BackupTelemetry.Expired.Add(1);
        }
    }

    [LoggerMessage(EventId = 2876, Level = LogLevel.Error, Message = "Expired backups of tenant {Tenant} were not all removed. Operation {Operation} shows why; the rest is removed with the next ones.")]
    private partial void LogNotRemoved(string tenant, Guid operation);

    [LoggerMessage(EventId = 2958, Level = LogLevel.Warning, Message = "The copies of {Backups} expired backups of tenant {Tenant} were not removed: {Code}: {Reason} They are removed with the next ones.")]
    private partial void LogCopiesLeft(int backups, string tenant, string code, string reason);
}

/// <summary>What a command wants to be removed.</summary>
/// <param name="Backups">The backups; null for all.</param>
/// <param name="EvenLast">Whether the newest complete one may be among them.</param>
internal sealed record ExpiryWish(IReadOnlyList<Guid>? Backups = null, bool? EvenLast = null);
