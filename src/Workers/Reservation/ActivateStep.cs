using Saga.Contracts.Events;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Audit;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Reservation;

/// <summary>The pivot: activates and announces the tenant in one transaction. A second run changes nothing.</summary>
internal sealed class ActivateStep(LeasedTransactions leases, TenantStore tenants, RegistryNotifier notifier) : IStep
{
    public string Name => StepNames.Activate;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            if (await TenantRows.ActivateAsync(transaction, context.TenantId, cancellationToken) is { } at)
            {
                await PlacementStore.ActivateAsync(transaction, context.TenantId, cancellationToken);
                await AuditLog.WriteAsync(transaction, AuditActions.TenantActivate, context.TenantId, context.OperationId, cancellationToken);
                await transaction.CommitAsync(
                    [OutboxWriter.PublishCommand(new TenantProvisioned
                    {
                        TenantId = context.TenantId,
                        Slug = context.Tenant.Slug,
                        Plan = context.Tenant.Plan,
                        Tier = context.Tenant.Tier,
                        OperationId = context.OperationId,
                        OccurredAt = at,
                    })],
                    cancellationToken);
                notifier.Notify(RegistryChannels.Outbox);
                notifier.Notify(RegistryChannels.Tenants, context.TenantId.ToString());
                return new { Status = TenantStatus.Active };
            }
        }

        // No row changed: the tenant is already active, or must no longer be activated.
        if (await StatusAsync(context, cancellationToken) is var status and not TenantStatus.Active)
            throw Refused(context, status, "Submit a new command for the tenant.");
        return new { Status = TenantStatus.Active };
    }

    /// <summary>An activation that took effect is announced and cannot be undone. One that did not take effect left nothing.</summary>
    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (await StatusAsync(context, cancellationToken) is TenantStatus.Active)
            throw Refused(context, TenantStatus.Active, "Resume the operation: after its activation a tenant is not undone, only deprovisioned.");
    }

    private async Task<TenantStatus?> StatusAsync(StepContext context, CancellationToken cancellationToken) =>
        (await tenants.FindAsync(context.TenantId, cancellationToken))?.Status;

    private static StepFailureException Refused(StepContext context, TenantStatus? status, string remedy) => StepFailureException.Permanent(
        "tenant-status", $"Tenant '{context.Tenant.Slug}' is {status?.ToString().ToLowerInvariant() ?? "gone"}.", remedy);
}
