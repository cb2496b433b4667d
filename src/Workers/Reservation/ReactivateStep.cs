using Saga.Contracts.Events;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Registry.Reactivations;
using Saga.Workers.Runtime;

namespace Saga.Workers.Reservation;

/// <summary>The pivot of a reactivation: lifts the holds and announces it in one transaction. A second run changes nothing.</summary>
internal sealed class ReactivateStep(LeasedTransactions leases, RegistryNotifier notifier) : IStep
{
    public string Name => StepNames.Reactivate;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await ReactivationRows.LiftAsync(transaction, context.TenantId, context.OperationId, cancellationToken) is not { } lifted)
        {
            // An earlier attempt has lifted them, or somebody else has. The reactivation is forgotten either way.
            await transaction.CommitAsync(cancellationToken);
            return null;
        }

        await transaction.CommitAsync(
            [OutboxWriter.PublishCommand(new TenantReactivated
            {
                TenantId = context.TenantId,
                Slug = context.Tenant.Slug,
                Codes = lifted.Codes,
                Remaining = lifted.Remaining,
                OperationId = context.OperationId,
                OccurredAt = lifted.At,
            })],
            cancellationToken);
        notifier.Notify(RegistryChannels.Outbox);
        return new { lifted.Codes, lifted.Remaining };
    }

    /// <summary>Lifted holds are not set again: a new suspension does that.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
