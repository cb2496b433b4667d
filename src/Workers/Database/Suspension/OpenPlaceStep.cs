using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Reactivations;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Place;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Suspension;

/// <summary>
/// Opens the tenant's place while the holds that are about to be lifted still stand, so that it can be tested. Another hold that was set
/// meanwhile keeps it closed. Undone, the place has the mode that the holds ask for.
/// </summary>
internal sealed class OpenPlaceStep(PlaceModes modes, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.OpenPlace;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            await ReactivationRows.OpenPlaceAsync(transaction, context.OperationId, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await modes.WriteAsync(context.Tenant, cancellationToken);
        return null;
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            await ReactivationRows.ForgetAsync(transaction, context.OperationId, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await modes.WriteAsync(context.Tenant, cancellationToken);
    }
}
