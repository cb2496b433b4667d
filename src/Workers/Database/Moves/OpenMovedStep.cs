using Microsoft.Extensions.Options;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>
/// Lifts the hold, announces the move once, schedules the removal of the former place, and bars its login. Both places get the mode and
/// epoch that they have now.
/// </summary>
internal sealed class OpenMovedStep(MovePlaces places, MoveOpening opening, LeasedTransactions leases, IOptions<MovesOptions> options, RegistryClock clock) : IStep
{
    public string Name => StepNames.OpenMoved;

    public IReadOnlyList<string> Needs => [StepNames.ReserveMove];

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (from, to) = (await places.FromAsync(context, StepNames.ReserveMove, cancellationToken), await places.ToAsync(context, StepNames.ReserveMove, cancellationToken));
        var keep = TimeSpan.FromHours(options.Value.KeepHours);
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            if (await PlacementStore.KeepAsync(transaction, from.Id, context.OperationId, keep, clock.Offset, cancellationToken) is { } until)
            {
                await opening.CommitAsync(
                    transaction, context, from, to, until - keep, CopyRemovals.ScheduleCommands(context.TenantId, from.Id, context.OperationId, until, until - keep), cancellationToken);
            }
        }

        await opening.OpenAsync(context, from, cancellationToken);
        return new { to.Place.Server, to.Tier };
    }

    /// <summary>It follows the pivot, so it is never undone.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
