using Saga.Contracts.Steps;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>Removes the place that a revert has left. Its rows are those of the current place, so nothing is lost. A second run finds nothing.</summary>
internal sealed class DropRevertedStep(KeptCopies copies) : IStep
{
    public string Name => StepNames.DropReverted;

    public IReadOnlyList<string> Needs => [StepNames.BeginRevert];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) =>
        await copies.DropAsync(context, context.Output<MoveOutput>(StepNames.BeginRevert).From, cancellationToken) is { } removed
            ? new { Removed = true, removed.Place.Server, removed.Place.Database, removed.Tier }
            : new { Removed = false };

    /// <summary>It follows the pivot, so it is never undone.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
