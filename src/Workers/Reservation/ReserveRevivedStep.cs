using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Reservation;

/// <summary>Chooses a place for a deprovisioned tenant that comes back. Its names are its own. The compensation destroys the key that it got, and leaves it to an earlier step to make it a tombstone again.</summary>
internal sealed class ReserveRevivedStep(ReserveStep reserve, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.ReserveRevived;

    public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => reserve.ExecuteAsync(context, cancellationToken);

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (context.Tenant.Status == TenantStatus.Active)
            throw StepFailureException.Permanent("tenant-status", $"Tenant '{context.Tenant.Slug}' is active: it cannot be undone, only deprovisioned.", "Resume the operation.");
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await TenantSealer.DestroyAsync(transaction, context.TenantId, cancellationToken);
        await transaction.CommitAsync(PlacementStore.ReleaseCommands(context.TenantId), cancellationToken);
    }
}
