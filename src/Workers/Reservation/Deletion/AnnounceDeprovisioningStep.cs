using Saga.Contracts.Events;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Deprovisionings;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Workers.Runtime;

namespace Saga.Workers.Reservation.Deletion;

/// <summary>
/// Announces a deprovisioning once. The hold has stood since the command was accepted. If it has cancelled the tenant's provisioning, which
/// is undone by now, there is nothing to remove: the deprovisioning is forgotten.
/// </summary>
internal sealed class AnnounceDeprovisioningStep(LeasedTransactions leases, RegistryNotifier notifier) : IStep
{
    public string Name => StepNames.AnnounceDeprovisioning;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var tenant = context.Tenant;
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (tenant.Status is TenantStatus.Failed or TenantStatus.Deprovisioned)
        {
            await DeprovisioningRows.ForgetAsync(transaction, tenant.Id, context.OperationId, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return new { tenant.Status };
        }

        if (await DeprovisioningRows.AnnounceAsync(transaction, tenant.Id, context.OperationId, cancellationToken) is not { } deletion)
            return new { Status = tenant.ShownStatus };
        await transaction.CommitAsync(
            [OutboxWriter.PublishCommand(new TenantDeprovisioning
            {
                TenantId = tenant.Id,
                Slug = tenant.Slug,
                DeleteAt = deletion.DeleteAt,
                Backup = deletion.Backup,
                OperationId = context.OperationId,
                OccurredAt = deletion.RequestedAt,
            })],
            cancellationToken);
        notifier.Notify(RegistryChannels.Outbox);
        return new { Status = tenant.ShownStatus, deletion.DeleteAt };
    }

    /// <summary>Never asked for: a deprovisioning only goes forward. Taking it back is a command of its own.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
