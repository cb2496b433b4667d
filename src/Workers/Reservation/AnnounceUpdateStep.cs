using Saga.Contracts.Events;
using Saga.Contracts.Steps;
using Saga.Registry.Audit;
using Saga.Registry.Domains;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Reservation;

/// <summary>The pivot of an update: removes the domain that it replaces and announces the change, once however often it runs.</summary>
internal sealed class AnnounceUpdateStep(LeasedTransactions leases, RegistryNotifier notifier) : IStep
{
    public string Name => StepNames.AnnounceUpdate;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await TenantChangeRows.FindAsync(transaction, context.OperationId, cancellationToken) is not { } change)
            return null;
        if (await TenantChangeRows.AnnounceAsync(transaction, context.OperationId, cancellationToken) is { } at)
        {
            // Not before, because until here the update may be undone, and somebody else could have got the domain.
            if (change.OldText(TenantField.Domain) is { } former)
                await TenantDomainRows.RemoveAsync(transaction, context.TenantId, former, cancellationToken);
            await AuditLog.WriteChangeAsync(transaction, context.TenantId, context.OperationId, cancellationToken);
            await transaction.CommitAsync(
                [OutboxWriter.PublishCommand(new TenantUpdated
                {
                    TenantId = context.TenantId,
                    Slug = context.Tenant.Slug,
                    Fields = change.Fields,
                    OperationId = context.OperationId,
                    OccurredAt = at,
                })],
                cancellationToken);
            notifier.Notify(RegistryChannels.Outbox);
            notifier.Notify(RegistryChannels.Tenants, context.TenantId.ToString());
        }

        return new { change.Fields };
    }

    /// <summary>What was announced cannot be undone. An announcement that did not take effect left nothing.</summary>
    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await TenantChangeRows.IsAnnouncedAsync(transaction, context.OperationId, cancellationToken))
        {
            throw StepFailureException.Permanent(
                "update-announced", $"The update of tenant '{context.Tenant.Slug}' was announced.", "Resume the operation, then update the tenant again.");
        }
    }
}
