using Saga.Contracts.Steps;
using Saga.Registry.Placements;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>Finds the two placements of a move, which an earlier step has named in its <see cref="MoveOutput"/>. Thread-safe.</summary>
internal sealed class MovePlaces(PlacementStore placements)
{
    /// <param name="context">The step's context.</param>
    /// <param name="begun">The earlier step: <see cref="StepNames.ReserveMove"/> or <see cref="StepNames.BeginRevert"/>.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public Task<TenantPlacement> FromAsync(StepContext context, string begun, CancellationToken cancellationToken) =>
        FindAsync(context, context.Output<MoveOutput>(begun).From, begun, cancellationToken);

    /// <inheritdoc cref="FromAsync"/>
    public Task<TenantPlacement> ToAsync(StepContext context, string begun, CancellationToken cancellationToken) =>
        FindAsync(context, context.Output<MoveOutput>(begun).To, begun, cancellationToken);

    private async Task<TenantPlacement> FindAsync(StepContext context, Guid id, string begun, CancellationToken cancellationToken) =>
        await placements.FindAsync(context.TenantId, id, cancellationToken) ?? throw StepFailureException.Permanent(
            "placement-missing", $"Tenant '{context.Tenant.Slug}' has no placement {id}.", $"Retry the operation from step '{begun}'.");
}
