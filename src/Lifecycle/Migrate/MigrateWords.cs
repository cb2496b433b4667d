using System.Globalization;
using Saga.Lifecycle.Intake;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Migrate;

/// <summary>What a migration would change, in words.</summary>
public static class MigrateWords
{
    public static IReadOnlyList<string> Of(MigrateTarget target, ValidMigrate input) =>
    [
        .. target.ChangesPlan ? Plans(target.From, target.Plan, input.Found) : [],
        .. target.Moves ? Move(target, input) : [],
    ];

    private static IEnumerable<string> Plans(Plan? from, Plan to, Tenant? own)
    {
        if (from is null)
        {
            yield return $"The plan becomes {to.Name}.";
            yield break;
        }

        yield return from.Name == to.Name
            ? string.Create(CultureInfo.InvariantCulture, $"Version {from.Version} of the plan {to.Name} becomes version {to.Version}.")
            : $"The plan {from.Name} becomes {to.Name}.";
        foreach (var (name, was, becomes) in new (string, long?, long?)[]
        {
            ("users", own?.MaxUsers ?? from.Limits.Users, own?.MaxUsers ?? to.Limits.Users),
            ("storage in GiB", own?.MaxStorageGib ?? from.Limits.StorageGib, own?.MaxStorageGib ?? to.Limits.StorageGib),
            ("requests a day", from.Limits.RequestsPerDay, to.Limits.RequestsPerDay),
            ("database connections", from.Limits.DatabaseConnections, to.Limits.DatabaseConnections),
        })
        {
            if (was != becomes)
                yield return $"The limit of {name} changes from {Words(was)} to {Words(becomes)}.";
        }

        var on = to.Features.Where(f => f.Value && !from.Features.GetValueOrDefault(f.Key)).Select(f => f.Key).Order(StringComparer.Ordinal).ToList();
        var off = from.Features.Where(f => f.Value && !to.Features.GetValueOrDefault(f.Key)).Select(f => f.Key).Order(StringComparer.Ordinal).ToList();
        if (on.Count > 0)
            yield return $"By default on: {string.Join(", ", on)}.";
        if (off.Count > 0)
            yield return $"By default off: {string.Join(", ", off)}.";
        yield return "The tenant's own limits, features and settings stay. Its users are counted when the operation starts, and its storage is measured if its limit is lowered; the migration is undone if they do not fit. Its requests are not measured yet, so they are not compared with the plan.";
    }

    private static string Words(long? limit) => limit?.ToString(CultureInfo.InvariantCulture) ?? "none";

    private static IEnumerable<string> Move(MigrateTarget target, ValidMigrate input)
    {
        yield return $"The rows get a place with isolation {TierName.Of(target.Tier)} on server {target.Server}.";
        yield return input.PreserveData
            ? "The tenant is read-only while its rows are copied, and unavailable for a moment when it is routed to the new place."
            : "The tenant starts empty: no row is moved. It is read-only and then unavailable for a moment.";
        if (input.Found is { ReadReplica: true })
        {
            yield return input.Servers.Any(s => s.Name == target.Server && s.HasReplica)
                ? $"The tenant gets a new read-only login, and is read on the replicas of server {target.Server}."
                : $"Server {target.Server} has no read replica any more: reads go to the new place.";
        }

        yield return "The former place is kept for Saga:Moves:KeepHours of the workers, and then removed with its rows. Until then the move can be reverted if nothing was written since.";
    }
}
