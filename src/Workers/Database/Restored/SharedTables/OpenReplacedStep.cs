using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Restored.SharedTables;

/// <summary>Ends the pause: lifts the hold, announces the restore once, and schedules the removal of the rows that were replaced.</summary>
internal sealed class OpenReplacedStep(ReplacedPlaces places, ReplacementOpening opening) : IStep
{
    public string Name => StepNames.OpenReplaced;

    public IReadOnlyList<string> Needs => [StepNames.ReserveKept];

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (current, kept) = await places.FindAsync(context, cancellationToken);
        return await opening.RunAsync(context, kept, current, cancellationToken);
    }

    /// <summary>It follows the pivot, so it is never undone.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
