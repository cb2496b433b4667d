using Saga.Engine.Waits;
using Saga.Registry.Waits;

namespace Saga.Tests.Simulation;

/// <summary>Tells operations that their batches have ended.</summary>
internal sealed class BatchWaits(World world, SimulatedProcess process) : IWaitStore
{
    public async Task<WaitMatch?> AnswerAsync(Guid operation, WaitRequest request, CancellationToken cancellationToken)
    {
        await process.Pause($"signal {request.Signal} to {world.NameOf(operation)}");
        // In the registry it would wait for the transition.
        while (world.IsLocked(operation))
            await process.Pause($"lock {world.NameOf(operation)}");
        if (world.Mutant == Mutant.BatchEndIsNotTold)
            return null;
        var match = await world.Storage.Waits.AnswerAsync(operation, request, cancellationToken);
        world.Say($"{process.Name} signals {request.Signal} to {world.NameOf(operation)}: {match?.GetType().Name}");
        return match;
    }
}
