using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Restored.SharedTables;

/// <summary>
/// Reserves a schema on the tenant's server for the rows that are replaced. In shared tables they could not be told apart from those that replace
/// them. It counts as used room until it is removed.
/// </summary>
internal sealed class ReserveKeptStep(PlacementStore placements, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.ReserveKept;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var current = DatabaseStep.PlacementOf(context.Tenant);
        var kept = await placements.ReserveBesideAsync(context.Lease, context.TenantId, IsolationTier.Schema, current.Place.Server, cancellationToken) ?? throw StepFailureException.Permanent(
            "server-full", $"Database server '{current.Place.Server}' has no room for one more placement, or takes none, and the rows that are replaced need one until they are removed.",
            "Raise Saga:Databases:Servers:<name>:MaxTenants, then send the command again.");
        return new MoveOutput { From = current.Id, Epoch = current.Epoch, To = kept.Id };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await transaction.CommitAsync(PlacementStore.ReleaseCommands(context.TenantId), cancellationToken);
    }
}
