using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Moves;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Database.Upgrades;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Restored.SharedTables;

/// <summary>
/// Creates the schema for the rows that are replaced, whose login nobody may use, in the version of the shared tables, and remembers what will
/// replace the rows. The tenant works on meanwhile.
/// </summary>
internal sealed class CreateKeptStep(
    ReplacedPlaces places, DatabaseStep database, MigrateStep migrate, PlaceTables tables, PlaceUse use, RowComparison comparison, FencedSessions fenced, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.CreateKept;

    public IReadOnlyList<string> Needs => [StepNames.ReserveKept, StepNames.VerifyRestored];

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (current, kept) = await places.FindAsync(context, cancellationToken);
        await places.RequireNotReplacedAsync(context, kept, cancellationToken);
        var restored = await places.RestoredAsync(context, current, cancellationToken);
        await use.BeginAsync(context, cancellationToken, current);
        var version = await tables.UpdateAsync(context, current, null, cancellationToken);
        PlaceTables.RequireSame(context.Output<RestoredOutput>(StepNames.VerifyRestored).SchemaVersion, version, current);
        await database.ExecuteAsync(context.On(kept), cancellationToken);
        await using (var session = await fenced.OpenAsync(context, kept.Place.Server, DatabaseServers.Maintenance, cancellationToken))
            await TenantRoles.CloseAsync(session, kept.Login, cancellationToken);
        await migrate.ExecuteAsync(context.On(kept), version, cancellationToken);
        var rows = await comparison.ReadAsync(context, restored, cancellationToken);
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await PlacementStore.RememberRowsAsync(transaction, kept.Id, JsonSerializer.Serialize(rows, Json.Options), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new { kept.Place.Server, kept.Place.Database, kept.Place.Schema, Tables = rows.Count, Rows = rows.Values.Sum(r => r.Rows) };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (_, kept) = await places.FindAsync(context, cancellationToken);
        await migrate.CompensateAsync(context.On(kept), cancellationToken);
        await database.CompensateAsync(context.On(kept), cancellationToken);
    }
}
