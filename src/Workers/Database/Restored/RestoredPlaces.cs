using Saga.Contracts.Steps;
using Saga.Registry.Placements;
using Saga.Workers.Database.Moves;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Restored;

/// <summary>Finds the restored rows of an operation and the place that they get. Thread-safe.</summary>
internal sealed class RestoredPlaces(RestoredDatabases databases, MovePlaces places)
{
    /// <returns>The restored database as if it were a placement of its own, and the new placement.</returns>
    public async Task<(TenantPlacement Restored, TenantPlacement To)> FindAsync(StepContext context, CancellationToken cancellationToken)
    {
        var restored = await databases.RequireAsync(context, cancellationToken);
        var to = await places.ToAsync(context, StepNames.ReserveMove, cancellationToken);
        return (to with { Place = new(restored.Server, restored.Database, context.Output<RestoredOutput>(StepNames.VerifyRestored).Schema) }, to);
    }
}
