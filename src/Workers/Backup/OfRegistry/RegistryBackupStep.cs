using Saga.Registry.Backups.OfRegistry;
using Saga.Registry.Leases;
using Saga.Tenancy.Objects;
using Saga.Tenancy.Sealing;
using Saga.Workers.Runtime;
using Saga.Workers.Storage;

namespace Saga.Workers.Backup.OfRegistry;

/// <summary>
/// A step of a backup of the registry after its begin. On a complete backup it changes nothing: a restored registry goes on with the operation that
/// made its own backup, whose files must stay as they are.
/// </summary>
internal abstract class RegistryBackupStep(RegistryBackupFiles files, LeasedTransactions leases) : IStep
{
    public abstract string Name { get; }

    public IEnumerable<string> SystemsOf(StepContext context) => [SystemNames.S3];

    public TimeSpan LingersFor => files.LingersFor;

    protected RegistryBackupFiles Files => files;

    protected LeasedTransactions Leases => leases;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        var backup = await FindAsync(context, cancellationToken) ?? throw StepFailureException.Permanent(
            "backup-not-begun", $"Operation {context.OperationId} has not begun a backup.", "Retry the operation from the step registryBackup.begin.");
        if (backup.IsFailed)
            throw StepFailureException.Permanent("backup-ended", $"Backup {backup.Id} was undone.", "Send the command again.");
        if (backup.IsComplete)
            return new { BackupId = backup.Id };
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

    /// <summary>The begin's compensation, which comes last, removes everything.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    protected abstract Task<object?> WriteAsync(StepContext context, BegunRegistryBackup backup, CancellationToken cancellationToken);

    private async Task<BegunRegistryBackup?> FindAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        return await RegistryBackupRows.FindAsync(transaction, context.OperationId, cancellationToken);
    }
}
