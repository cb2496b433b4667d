using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Moves;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Restored.SharedTables;

/// <summary>
/// Replaces the tenant's rows by the restored ones, in one transaction of the shared tables' database, and compares the result. Another attempt begins
/// again. The compensation puts the kept rows back.
/// </summary>
internal sealed class ReplaceRowsStep(
    ReplacedPlaces places, PlacementStore placements, FencedSessions fenced, RowTransfer transfer, RowComparison comparison, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.ReplaceRows;

    public IReadOnlyList<string> Needs => [StepNames.ReserveKept, StepNames.VerifyRestored, StepNames.FillKept];

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (current, kept) = await places.FindAsync(context, cancellationToken);
        var restored = await places.RestoredAsync(context, current, cancellationToken);
        // Whoever skips that step gets no further: the rows would be lost.
        context.Output<KeptRowsOutput>(StepNames.FillKept);
        var expected = await placements.RestoredRowsAsync(kept.Id, kept.Id, cancellationToken) ?? throw StepFailureException.Permanent(
            "output-missing", $"It is not known what replaces the rows of tenant '{context.Tenant.Slug}'.", $"Retry the operation from step '{StepNames.CreateKept}'.");
        // Before the rows are replaced, so that it is certain what the compensation may find.
        await KeepAsync(context, kept, current.Id, cancellationToken);
        await transfer.RunAsync(context, restored, current, cancellationToken);
        var rows = JsonSerializer.Deserialize<Dictionary<string, RowFingerprint>>(expected, Json.Options)!;
        return await comparison.SinceAsync(context, current, rows, cancellationToken) is not { } difference ? new { Tables = rows.Count, Rows = rows.Values.Sum(r => r.Rows) } : throw StepFailureException.Permanent(
            "rows-differ", $"The tenant's rows are not those that were restored. {difference}", "Find out who writes to one of the places, then send the command again.");
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (current, kept) = await places.FindAsync(context, cancellationToken);
        if (await placements.KeepsAsync(kept.Id, cancellationToken) is null)
            return;
        if (kept.State != PlacementState.Building)
            throw StepFailureException.Permanent("already-replaced", $"The rows of tenant '{context.Tenant.Slug}' are replaced.", "Resume the operation, which then opens the place.");
        // Waits for the transaction of a stale attempt, which nobody could compare before its commit. A later one finds that its lease is lost.
        await fenced.WaitAsync(context, current.Place.Server, current.Place.Database, cancellationToken);
        if ((await comparison.RunAsync(context, current, kept, cancellationToken)).Difference is not null)
            await transfer.RunAsync(context, kept, current, cancellationToken);
        await KeepAsync(context, kept, null, cancellationToken);
    }

    private async Task KeepAsync(StepContext context, TenantPlacement kept, Guid? of, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await PlacementStore.KeepRowsAsync(transaction, kept.Id, of, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
