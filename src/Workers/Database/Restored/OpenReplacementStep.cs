using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Moves;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Restored;

/// <summary>Ends the pause: lifts the hold, announces the restore once, schedules the removal of what was replaced, and bars its login.</summary>
internal sealed class OpenReplacementStep(MovePlaces places, ReplacementOpening opening) : IStep
{
    public string Name => StepNames.OpenReplacement;

    public IReadOnlyList<string> Needs => [StepNames.ReserveMove];

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => await opening.RunAsync(
        context, await places.FromAsync(context, StepNames.ReserveMove, cancellationToken), await places.ToAsync(context, StepNames.ReserveMove, cancellationToken), cancellationToken);

    /// <summary>It follows the pivot, so it is never undone.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
