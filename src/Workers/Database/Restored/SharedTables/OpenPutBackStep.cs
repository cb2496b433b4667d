using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Moves;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Restored.SharedTables;

/// <summary>Opens the place again after the kept rows were put back, announces that once, and cancels the scheduled removal of the kept place, which the next step removes.</summary>
internal sealed class OpenPutBackStep(MovePlaces places, MoveOpening opening, LeasedTransactions leases, RegistryClock clock) : IStep
{
    public string Name => StepNames.OpenPutBack;

    public IReadOnlyList<string> Needs => [StepNames.BeginRevert];

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (current, kept) = (await places.FromAsync(context, StepNames.BeginRevert, cancellationToken), await places.ToAsync(context, StepNames.BeginRevert, cancellationToken));
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            if (await PlacementStore.EndKeepingAsync(transaction, kept.Id, clock.Offset, cancellationToken) is { } at)
                await opening.CommitAsync(transaction, context, current, current, at, [CopyRemovals.CancelCommand(context.TenantId, kept.Id, context.OperationId)], cancellationToken);
        }

        await opening.OpenAsync(context, kept, cancellationToken);
        return new { current.Place.Server, current.Tier };
    }

    /// <summary>It follows the pivot, so it is never undone.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
