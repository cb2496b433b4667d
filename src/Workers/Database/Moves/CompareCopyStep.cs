using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>
/// Requires that nothing was written since the move: the kept place still has the rows of the current one. After a restore the two differ, so
/// the current one must have what the restore has put into it.
/// </summary>
internal sealed class CompareCopyStep(MovePlaces places, PlacementStore placements, RowComparison comparison) : IStep
{
    public string Name => StepNames.CompareCopy;

    public IReadOnlyList<string> Needs => [StepNames.BeginRevert];

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var from = await places.FromAsync(context, StepNames.BeginRevert, cancellationToken);
        if (await placements.RestoredRowsAsync(from.Id, context.Output<MoveOutput>(StepNames.BeginRevert).To, cancellationToken) is { } restored)
            return await RequireUnchangedAsync(context, from, JsonSerializer.Deserialize<Dictionary<string, RowFingerprint>>(restored, Json.Options)!, cancellationToken);
        var compared = await comparison.RunAsync(context, from, await places.ToAsync(context, StepNames.BeginRevert, cancellationToken), cancellationToken);
        return compared.Difference is null ? new { compared.Tables, compared.Rows } : throw StepFailureException.Permanent(
            "written-since-move", $"Rows of tenant '{context.Tenant.Slug}' were written since its move, and going back would lose them. {compared.Difference}",
            "Move the tenant with a migration instead, which copies its rows.");
    }

    private async Task<object?> RequireUnchangedAsync(StepContext context, TenantPlacement place, Dictionary<string, RowFingerprint> then, CancellationToken cancellationToken) =>
        await comparison.SinceAsync(context, place, then, cancellationToken) is not { } difference ? new { Tables = then.Count, Rows = then.Values.Sum(t => t.Rows) } : throw StepFailureException.Permanent(
            "written-since-restore", $"Rows of tenant '{context.Tenant.Slug}' were written since its restore, or the product's tables were changed, and going back would lose that. {difference}",
            "Back the tenant up, and restore an earlier backup instead.");

    /// <summary>It only reads.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
