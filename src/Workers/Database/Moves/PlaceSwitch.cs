using Saga.Contracts.Steps;
using Saga.Registry.Placements;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>Routes a tenant from one placement to another, if nobody has routed it elsewhere since the move began. Thread-safe.</summary>
internal sealed class PlaceSwitch(MovePlaces places, PlacementStore placements)
{
    /// <summary>A second run changes nothing.</summary>
    /// <exception cref="StepFailureException">The tenant is routed elsewhere: <c>routing-changed</c>.</exception>
    public async Task<object?> RunAsync(StepContext context, string begun, CancellationToken cancellationToken)
    {
        var move = context.Output<MoveOutput>(begun);
        if (!await IsSwitchedAsync(context, begun, cancellationToken)
            && await placements.SwitchAsync(context.Lease, context.TenantId, move.Epoch, move.To, cancellationToken) is var outcome and not SwitchOutcome.Switched
            && !await IsSwitchedAsync(context, begun, cancellationToken))
        {
            throw StepFailureException.Permanent(
                "routing-changed", $"Tenant '{context.Tenant.Slug}' cannot be routed to its new place ({outcome}): its placements changed during the move.", "Send the command again.");
        }

        return new { Placement = move.To };
    }

    /// <summary>A switch that took effect cannot be undone. One that did not left nothing.</summary>
    /// <exception cref="StepFailureException">It took effect: <c>already-switched</c>.</exception>
    public async Task UndoAsync(StepContext context, string begun, CancellationToken cancellationToken)
    {
        if (await IsSwitchedAsync(context, begun, cancellationToken))
        {
            throw StepFailureException.Permanent(
                "already-switched", $"Tenant '{context.Tenant.Slug}' is routed to its new place.", "Resume the operation, which then opens the new place.");
        }
    }

    private async Task<bool> IsSwitchedAsync(StepContext context, string begun, CancellationToken cancellationToken) =>
        (await places.ToAsync(context, begun, cancellationToken)).State == PlacementState.Current;
}
