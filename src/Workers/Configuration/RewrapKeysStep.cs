using System.Globalization;
using Saga.Contracts.Commands;
using Saga.Contracts.Events;
using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Registry.Processes;
using Saga.Registry.Secrets;
using Saga.Tenancy.Sealing;
using Saga.Workers.Backup.Keys;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Configuration;

/// <summary>
/// Wraps every tenant's key, and the keys of their backups, with another master key, in batches, each with a commit of its own. A row says itself which master key it needs,
/// so the next attempt finds what is left; the checkpoint only keeps the count.
/// </summary>
internal sealed class RewrapKeysStep(TenantSealer sealer, BackupKeys backups, LeasedTransactions leases, ProcessStore processes, RegistryNotifier notifier, TimeProvider time) : IStep
{
    private const int Batch = 100;

    public string Name => StepNames.RewrapKeys;

    public bool NeedsInput => true;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var id = context.Input<RotateMasterKey>().MasterKeyId;
        var (done, failed, reason) = (context.Checkpoint<Wrapped>()?.Keys ?? 0, 0, "");
        long left;
        do
        {
            // A process that has started since may lack the key, or go on wrapping with another one.
            await RequireReadyAsync(id, cancellationToken);
            left = await CountAsync(context, id, cancellationToken);
            var (total, after) = (done + left, Guid.Empty);
            context.Report(done, total, "keys", "wrapping tenants' keys", new Wrapped(done));
            failed = 0;
            while (await NextAsync(context, after, cancellationToken) is var batch && batch.Last != after)
            {
                after = batch.Last;
                done += batch.Wrapped;
                failed += batch.Failed;
                reason = batch.Reason ?? reason;
                context.Report(done, total, "keys", "wrapping tenants' keys", new Wrapped(done));
            }

            for (var key = await NextOfBackupsAsync(context, null, cancellationToken); key is not null; key = await NextOfBackupsAsync(context, key.Key, cancellationToken))
            {
                if (key.Failure is { } failure)
                    (failed, reason) = (failed + 1, failure);
                else
                    context.Report(++done, unit: "keys", words: "wrapping keys of backups", checkpoint: new Wrapped(done));
            }
        }
        while (failed == 0 && left > 0);

        if (failed > 0)
        {
            throw StepFailureException.Permanent(
                "keys-not-wrapped", string.Create(CultureInfo.InvariantCulture, $"{failed} keys could not be wrapped with master key '{id}', such as: {reason}"),
                "Do what the message says, then send the command again: it goes on with the keys that are left.");
        }

        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await transaction.CommitAsync(
            [OutboxWriter.PublishCommand(new MasterKeyRotated { MasterKeyId = id, OperationId = context.OperationId, OccurredAt = time.GetUtcNow() })], cancellationToken);
        notifier.Notify(RegistryChannels.Outbox);
        return new { MasterKeyId = id, Keys = done };
    }

    /// <summary>A key that is wrapped again is as good as before, and the former master keys are still there.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task RequireReadyAsync(string id, CancellationToken cancellationToken)
    {
        if (sealer.ActiveMasterKey != id)
        {
            throw StepFailureException.Permanent(
                "master-key-not-active", $"Master key '{id}' is not the active one of this process, which wraps with '{sealer.ActiveMasterKey}'.",
                $"Set Saga:Sealing:ActiveKey to {id} in every process, then send the command again.");
        }

        if (MasterKeyReadiness.FindObstacles(id, await processes.ListAsync(cancellationToken)) is [var first, ..])
            throw StepFailureException.Permanent("master-key-not-ready", $"Master key '{id}' {first}.", "Do what the message says, then send the command again.");
    }

    private async Task<long> CountAsync(StepContext context, string id, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        return await TenantKeyRows.CountOfOtherMastersAsync(transaction.Transaction, id, cancellationToken);
    }

    private async Task<RewrappedKeys> NextAsync(StepContext context, Guid after, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        var batch = await sealer.RewrapAsync(transaction.Transaction, after, Batch, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return batch;
    }

    private async Task<RewrappedBackupKey?> NextOfBackupsAsync(StepContext context, BackupKeyRow? after, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        var key = await backups.RewrapNextAsync(transaction.Transaction, after, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return key;
    }

    private sealed record Wrapped(long Keys);
}
