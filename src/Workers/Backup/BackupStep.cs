using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Tenancy.Objects;
using Saga.Tenancy.Sealing;
using Saga.Workers.Runtime;
using Saga.Workers.Storage;

namespace Saga.Workers.Backup;

/// <summary>A step that writes parts of a backup. A second attempt begins anew, because the state that the first one read is gone. The compensation removes the parts.</summary>
internal abstract class BackupStep(BackupParts parts, LeasedTransactions leases) : IStep
{
    public abstract string Name { get; }

    public virtual IEnumerable<string> Systems(Tenant tenant) => [SystemNames.S3];

    public TimeSpan LingersFor => parts.LingersFor;

    /// <summary>Whether a complete backup would no longer be what its manifest says after the step.</summary>
    protected virtual bool WritesParts => true;

    protected BackupParts Parts => parts;

    protected LeasedTransactions Leases => leases;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        var backup = await FindAsync(context, cancellationToken) ?? throw StepFailureException.Permanent(
            "backup-not-begun", $"Operation {context.OperationId} has not begun a backup.", "Retry the operation from the step backup.begin.");
        if (backup.IsFailed)
            throw StepFailureException.Permanent("backup-ended", $"Backup {backup.Id} was undone.", "Send the command again.");
        // An operator retries a step of a backup that was complete. It is not, until its last step has run again.
        if (backup.IsComplete && WritesParts)
            await ReopenAsync(context, backup.Id, cancellationToken);
        try
        {
            return await WriteAsync(context, backup, cancellationToken);
        }
        catch (ObjectStoreException error)
        {
            throw StorageFailures.From(error);
        }
        catch (SealingException error)
        {
            throw StepFailureException.Permanent("backup-key", error.Message, "Restore the key that the message names, then replay the step.", cause: error);
        }
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        if (await FindAsync(context, cancellationToken) is not { } backup)
            return;
        // The registry first, so that it never names a file that is gone.
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            await BackupRows.ReopenAsync(transaction, backup.Id, cancellationToken);
            await BackupRows.RemovePartsAsync(transaction, backup.Id, context.Step, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        try
        {
            await parts.RemoveAsync(context, backup.Id, cancellationToken);
        }
        catch (ObjectStoreException error)
        {
            throw StorageFailures.From(error);
        }
    }

    /// <summary>Writes the parts, and records them.</summary>
    protected abstract Task<object?> WriteAsync(StepContext context, BegunBackup backup, CancellationToken cancellationToken);

    /// <summary>Records parts whose files exist.</summary>
    protected async Task AddAsync(StepContext context, Guid backup, IReadOnlyList<BackupPart> written, CancellationToken cancellationToken, Func<LeasedTransaction, Task>? also = null)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        foreach (var part in written)
            await BackupRows.AddPartAsync(transaction, backup, part, cancellationToken);
        if (also is not null)
            await also(transaction);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task ReopenAsync(StepContext context, Guid backup, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await BackupRows.ReopenAsync(transaction, backup, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task<BegunBackup?> FindAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        return await BackupRows.FindAsync(transaction, context.OperationId, cancellationToken);
    }
}
