using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>Removes the kept copy that the command names. A second run finds nothing.</summary>
internal sealed class DropCopyStep(KeptCopies copies) : IStep
{
    public string Name => StepNames.DropCopy;

    public bool NeedsInput => true;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) =>
        await copies.DropAsync(context, context.Input<RemoveCopy>().PlacementId, cancellationToken) is { } removed
            ? new { Removed = true, removed.Place.Server, removed.Place.Database, removed.Tier }
            : new { Removed = false };

    /// <summary>What was removed does not come back.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
