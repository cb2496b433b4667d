using Saga.Contracts.Steps;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>
/// Removes the place that a revert has left, or the one whose rows it has put back. Its rows are those of the current place, so nothing is lost. A
/// second run finds nothing.
/// </summary>
internal sealed class DropRevertedStep(KeptCopies copies) : IStep
{
    public string Name => StepNames.DropReverted;

    public IReadOnlyList<string> Needs => [StepNames.BeginRevert];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var revert = context.Output<MoveOutput>(StepNames.BeginRevert);
        // Where rows were put back, the tenant's place stayed the same.
        return await copies.DropAsync(context, context.Tenant.Placed?.Id == revert.From ? revert.To : revert.From, cancellationToken) is { } removed
            ? new { Removed = true, removed.Place.Server, removed.Place.Database, removed.Tier }
            : new { Removed = false };
    }

    /// <summary>It follows the pivot, so it is never undone.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
