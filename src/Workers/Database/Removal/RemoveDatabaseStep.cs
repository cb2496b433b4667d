using Saga.Contracts.Deletion;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Tenancy.Connections;
using Saga.Workers.Database.Replicas;
using Saga.Workers.Database.Restored;
using Saga.Workers.Database.Rotation;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;
using Saga.Workers.Runtime.Removals;

namespace Saga.Workers.Database.Removal;

/// <summary>
/// Removes every placement of the tenant with its rows, schema or database and its roles, kept ones and unfinished ones too, and every
/// database that a restore has made for it, and sees that nothing of them is left.
/// </summary>
internal sealed class RemoveDatabaseStep(
    IEnumerable<ITier> tiers, PlacementStore placements, PlaceInventory inventory, RowRemoval rows, PlaceLogins logins, PlacementReplica replica, RestoredDatabases restored, TenantConnections connections, LeasedTransactions leases, TimeProvider time) : IStep
{
    public string Name => StepNames.RemoveDatabase;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        await connections.CloseAsync(context.TenantId);
        var all = await placements.ListAsync(context.TenantId, cancellationToken);
        var beside = await restored.ListAsync(context.TenantId, cancellationToken);
        var found = await Findings.KeepAsync(leases, context, () => LookAsync(context, all, beside, cancellationToken), cancellationToken);
        var removed = new List<RemovedResource>();
        foreach (var placement in all)
            removed.Add(await RemoveAsync(context, placement, found[KeyOf(placement)], cancellationToken));
        foreach (var database in beside)
            removed.Add(await RemoveAsync(context, database, found[database.Database], cancellationToken));
        return new RemovalOutput { Removed = removed };
    }

    /// <summary>Never asked for: it comes after the pivot.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    // No placement is added while the tenant's scope is held, and none goes before the end.
    private async Task<Dictionary<string, PlaceCounts>> LookAsync(
        StepContext context, IReadOnlyList<TenantPlacement> all, IReadOnlyList<RestoredDatabase> beside, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, PlaceCounts>(StringComparer.Ordinal);
        foreach (var placement in all)
            found[KeyOf(placement)] = await inventory.CountAsync(TenantSchema.Of(placement), context.TenantId, cancellationToken);
        foreach (var database in beside)
            found[database.Database] = await restored.SizeAsync(database, cancellationToken) is { } bytes ? new(true, 0, null, bytes, 0) : new(false, 0, 0, 0, 0);
        return found;
    }

    private async Task<RemovedResource> RemoveAsync(StepContext context, TenantPlacement placement, PlaceCounts counted, CancellationToken cancellationToken)
    {
        var place = TenantSchema.Of(placement);
        var name = NameOf(placement);
        context.Report(0, counted.Rows, "rows", $"removing {name}");
        await logins.DropOtherAsync(context, place, cancellationToken);
        await replica.RemoveAsync(context.On(placement), cancellationToken);
        if (placement.Tier == IsolationTier.Row)
            await rows.RemoveAsync(context, place, removed => context.Report(removed, counted.Rows, "rows", $"removing {name}"), cancellationToken);
        await tiers.Single(t => t.Tier == placement.Tier).DropAsync(context, place, cancellationToken);
        if (await inventory.FindAsync(place, context.TenantId, cancellationToken) is { } left)
            throw RemovalFailures.StillThere(left, name, SystemNames.PostgreSql(place.Server));
        return new()
        {
            Resource = placement.Tier switch { IsolationTier.Row => "rows", IsolationTier.Schema => "schema", _ => "database" },
            System = SystemNames.PostgreSql(place.Server),
            Name = name,
            Existed = counted.Existed,
            Counts = counted.ToCounts(),
            AbsentAt = time.GetUtcNow(),
        };
    }

    private async Task<RemovedResource> RemoveAsync(StepContext context, RestoredDatabase database, PlaceCounts counted, CancellationToken cancellationToken)
    {
        await restored.DropAsync(context, database, cancellationToken);
        if (await restored.SizeAsync(database, cancellationToken) is not null)
            throw RemovalFailures.StillThere("databases", database.Database, SystemNames.PostgreSql(database.Server));
        return new()
        {
            Resource = "restoredDatabase",
            System = SystemNames.PostgreSql(database.Server),
            Name = database.Database,
            Existed = counted.Existed,
            Counts = new Dictionary<string, long>(StringComparer.Ordinal) { ["bytes"] = counted.Bytes },
            AbsentAt = time.GetUtcNow(),
        };
    }

    private static string KeyOf(TenantPlacement placement) => placement.Id.ToString("n");

    private static string NameOf(TenantPlacement placement) => placement.Tier == IsolationTier.Database ? placement.Place.Database : $"{placement.Place.Database}.{placement.Place.Schema}";
}
