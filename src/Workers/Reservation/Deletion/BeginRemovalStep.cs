using Saga.Contracts.Steps;
using Saga.Registry.Deprovisionings;
using Saga.Registry.Leases;
using Saga.Workers.Runtime;

namespace Saga.Workers.Reservation.Deletion;

/// <summary>
/// The pivot of a removal: from here on it cannot be cancelled. Whoever takes the deprovisioning back does so under the same lock, so exactly
/// one of both wins.
/// </summary>
internal sealed class BeginRemovalStep(LeasedTransactions leases) : IStep
{
    public string Name => StepNames.BeginRemoval;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await DeprovisioningRows.LacksBackupAsync(transaction, context.TenantId, context.OperationId, cancellationToken))
        {
            throw StepFailureException.Permanent(
                "backup-missing", $"The final backup of tenant '{context.Tenant.Slug}' is not complete.", $"Retry the operation from step '{StepNames.BeginBackup}'.");
        }

        var begun = await DeprovisioningRows.BeginRemovalAsync(transaction, context.TenantId, context.OperationId, cancellationToken) ?? throw StepFailureException.Permanent(
            "deprovisioning-cancelled", $"The deprovisioning of tenant '{context.Tenant.Slug}' was taken back before anything was removed.",
            "Nothing. To remove the tenant, deprovision it again.");
        await transaction.CommitAsync(cancellationToken);
        return new { BegunAt = begun };
    }

    /// <summary>A removal that is final is not undone. One that did not begin has removed nothing.</summary>
    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await DeprovisioningRows.IsFinalAsync(transaction, context.TenantId, context.OperationId, cancellationToken))
        {
            throw StepFailureException.Permanent(
                "removal-final", $"The removal of tenant '{context.Tenant.Slug}' is final.", "Resume the operation: what is removed cannot be brought back.");
        }
    }
}
