using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>Requires that nothing was written since the move: the kept place still has the rows of the current one.</summary>
internal sealed class CompareCopyStep(MovePlaces places, RowComparison comparison) : IStep
{
    public string Name => StepNames.CompareCopy;

    public IReadOnlyList<string> Needs => [StepNames.BeginRevert];

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var from = await places.FromAsync(context, StepNames.BeginRevert, cancellationToken);
        var compared = await comparison.RunAsync(context, from, await places.ToAsync(context, StepNames.BeginRevert, cancellationToken), cancellationToken);
        return compared.Difference is null ? new { compared.Tables, compared.Rows } : throw StepFailureException.Permanent(
            "written-since-move", $"Rows of tenant '{context.Tenant.Slug}' were written since its move, and going back would lose them. {compared.Difference}",
            "Move the tenant with a migration instead, which copies its rows.");
    }

    /// <summary>It only reads.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
