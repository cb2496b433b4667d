using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Restored.SharedTables;

/// <summary>The pivot: from here on the former rows are a kept copy, and not what the operation returns to.</summary>
internal sealed class KeepReplacedStep(ReplacedPlaces places, PlacementStore placements, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.KeepReplaced;

    public IReadOnlyList<string> Needs => [StepNames.ReserveKept];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (_, kept) = await places.FindAsync(context, cancellationToken);
        if (await placements.KeepsAsync(kept.Id, cancellationToken) is null)
        {
            throw StepFailureException.Permanent(
                "rows-not-replaced", $"The rows of tenant '{context.Tenant.Slug}' were not replaced, because a step was skipped.", $"Retry the operation from step '{StepNames.ReplaceRows}'.");
        }

        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await PlacementStore.KeepReplacedAsync(transaction, kept.Id, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new { Placement = kept.Id };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        if ((await places.FindAsync(context, cancellationToken)).Kept.State == PlacementState.Kept)
            throw StepFailureException.Permanent("already-replaced", $"The rows of tenant '{context.Tenant.Slug}' are replaced.", "Resume the operation, which then opens the place.");
    }
}
