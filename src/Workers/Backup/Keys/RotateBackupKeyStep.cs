using Microsoft.Extensions.Options;
using Saga.Contracts.Steps;
using Saga.Registry.Backups.OfRegistry;
using Saga.Registry.Leases;
using Saga.Tenancy.Sealing;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Keys;

/// <summary>
/// Replaces the tenant's backup key by its next version, in one transaction with the keys of all its backups. A second run changes nothing. No file
/// changes, because a backup's files are encrypted with its own key, which stays.
/// </summary>
internal sealed class RotateBackupKeyStep(BackupKeys keys, LeasedTransactions leases, IOptions<RegistryBackupOptions> registry) : IStep
{
    public string Name => StepNames.RotateBackupKey;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        try
        {
            // A tenant that was never backed up gets its first key with its first backup.
            if (await keys.RotateAsync(transaction, context.TenantId, context.OperationId, cancellationToken) is not { } rotated)
                return new { Backups = 0 };
            await transaction.CommitAsync(cancellationToken);
            // Backups of the registry from before have the former version, together with what it wraps.
            return new { rotated.Key.Version, rotated.Backups, FormerInRegistryBackupsUntil = registry.Value.HaveUntil(new(rotated.Key.CreatedAt)) };
        }
        catch (SealingException error)
        {
            throw StepFailureException.Permanent(
                "backup-key", error.Message, "Restore the master key that the message names, or remove the backup that it names. Then send the command again.", cause: error);
        }
    }

    /// <summary>The newer version opens all that the former one opened, and no secret of the former one is left to go back to.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
