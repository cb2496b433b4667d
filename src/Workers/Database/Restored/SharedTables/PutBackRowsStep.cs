using Saga.Contracts.Steps;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Moves;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;
using System.Text.Json;
using Saga.Contracts;

namespace Saga.Workers.Database.Restored.SharedTables;

/// <summary>
/// The pivot of a revert in shared tables: replaces the restored rows by the kept ones, in one transaction. Another attempt begins again.
/// </summary>
internal sealed class PutBackRowsStep(MovePlaces places, PlacementStore placements, FencedSessions fenced, RowTransfer transfer, RowComparison comparison) : IStep
{
    public string Name => StepNames.PutBackRows;

    public IReadOnlyList<string> Needs => [StepNames.BeginRevert];

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (current, kept) = await FindAsync(context, cancellationToken);
        await transfer.RunAsync(context, kept, current, cancellationToken);
        var compared = await comparison.RunAsync(context, current, kept, cancellationToken);
        return compared.Difference is null ? new { compared.Tables, compared.Rows } : throw StepFailureException.Transient(
            "rows-differ", $"The tenant's rows are not those that were kept. {compared.Difference}", "Find out who writes to one of the places, then replay the step.");
    }

    /// <summary>Nothing happened as long as the restored rows are there. Otherwise the former ones are, and the restored ones are lost.</summary>
    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (current, kept) = await FindAsync(context, cancellationToken);
        // Waits for the transaction of a stale attempt, which nobody could compare before its commit.
        await fenced.WaitAsync(context, current.Place.Server, current.Place.Database, cancellationToken);
        if (await placements.RestoredRowsAsync(current.Id, kept.Id, cancellationToken) is not { } restored
            || await comparison.SinceAsync(context, current, JsonSerializer.Deserialize<Dictionary<string, RowFingerprint>>(restored, Json.Options)!, cancellationToken) is not null)
        {
            throw StepFailureException.Permanent(
                "already-switched", $"The rows of tenant '{context.Tenant.Slug}' are those from before its restore again.", "Resume the operation, which then opens the place.");
        }
    }

    private async Task<(TenantPlacement Current, TenantPlacement Kept)> FindAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (current, kept) = (await places.FromAsync(context, StepNames.BeginRevert, cancellationToken), await places.ToAsync(context, StepNames.BeginRevert, cancellationToken));
        return await placements.KeepsAsync(kept.Id, cancellationToken) == current.Id ? (current, kept) : throw StepFailureException.Permanent(
            "no-copy-kept", $"Placement {kept.Id} has not the rows that a restore has replaced in the place of tenant '{context.Tenant.Slug}'.", "Send the command again.");
    }
}
