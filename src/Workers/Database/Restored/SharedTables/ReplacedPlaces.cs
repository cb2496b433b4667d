using Saga.Contracts.Steps;
using Saga.Registry.Placements;
using Saga.Workers.Database.Moves;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Restored.SharedTables;

/// <summary>The places of a restore that replaces a tenant's rows in shared tables. Thread-safe.</summary>
internal sealed class ReplacedPlaces(RestoredDatabases databases, MovePlaces places, PlacementStore placements)
{
    /// <returns>The tenant's place, and the one that keeps what is replaced.</returns>
    public async Task<(TenantPlacement Current, TenantPlacement Kept)> FindAsync(StepContext context, CancellationToken cancellationToken) =>
        (await places.FromAsync(context, StepNames.ReserveKept, cancellationToken), await places.ToAsync(context, StepNames.ReserveKept, cancellationToken));

    /// <returns>The restored database as if it were a placement of its own.</returns>
    public async Task<TenantPlacement> RestoredAsync(StepContext context, TenantPlacement current, CancellationToken cancellationToken)
    {
        var restored = await databases.RequireAsync(context, cancellationToken);
        return current with { Place = new(restored.Server, restored.Database, context.Output<RestoredOutput>(StepNames.VerifyRestored).Schema) };
    }

    /// <summary>Refuses to write to the place that keeps the rows after an operator has retried an earlier step: it may have the only copy of them.</summary>
    /// <exception cref="StepFailureException">The rows may be replaced: <c>rows-replaced</c>.</exception>
    public async Task RequireNotReplacedAsync(StepContext context, TenantPlacement kept, CancellationToken cancellationToken)
    {
        if (await placements.KeepsAsync(kept.Id, cancellationToken) is not null)
        {
            throw StepFailureException.Permanent(
                "rows-replaced", $"The rows of tenant '{context.Tenant.Slug}' may be replaced already, and what is kept would be lost.", "Compensate the operation, which puts the kept rows back, or retry it from the step rows.replace.");
        }
    }
}
