using Saga.Contracts.Events;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Holds;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Workers.Runtime;

namespace Saga.Workers.Reservation;

/// <summary>Announces a suspension once. The hold itself has stood since the command was accepted.</summary>
internal sealed class SuspendStep(LeasedTransactions leases, RegistryNotifier notifier) : IStep
{
    public string Name => StepNames.Suspend;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var tenant = context.Tenant;
        // Its provisioning may have been undone while the suspension waited for it.
        if (tenant.Status is not (TenantStatus.Provisioning or TenantStatus.Active))
            return new { tenant.Status };
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await HoldAnnouncements.TakeAsync(transaction, tenant.Id, context.OperationId, cancellationToken) is { } hold)
        {
            await transaction.CommitAsync(
                [OutboxWriter.PublishCommand(new TenantSuspended
                {
                    TenantId = tenant.Id,
                    Slug = tenant.Slug,
                    Code = hold.Code,
                    Effect = hold.Effect,
                    Reason = hold.Reason,
                    OperationId = context.OperationId,
                    OccurredAt = hold.CreatedAt,
                })],
                cancellationToken);
            notifier.Notify(RegistryChannels.Outbox);
        }

        return new { Status = tenant.ShownStatus };
    }

    /// <summary>Never asked for: a suspension only goes forward.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
