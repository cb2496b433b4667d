using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Reservation;

/// <summary>Tells runtimes of the tenant's new values, which it has had since the update was accepted. The compensation restores the former ones.</summary>
internal sealed class UpdateStep(LeasedTransactions leases) : IStep
{
    public string Name => StepNames.Update;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        var change = await TenantChangeRows.FindAsync(transaction, context.OperationId, cancellationToken);
        await TenantRows.NotifyAsync(transaction, context.TenantId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new { Fields = change?.Fields ?? [] };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await TenantChangeRows.UndoAsync(transaction, context.TenantId, context.OperationId, cancellationToken);
        await TenantRows.NotifyAsync(transaction, context.TenantId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
