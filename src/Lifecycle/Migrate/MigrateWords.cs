using System.Globalization;
using Saga.Lifecycle.Intake;
using Saga.Registry.Plans;

namespace Saga.Lifecycle.Migrate;

/// <summary>What a migration would change, in words.</summary>
public static class MigrateWords
{
    public static IReadOnlyList<string> Of(MigrateTarget target, ValidMigrate input) =>
    [
        .. target.ChangesPlan ? Plans(target.From, target.Plan) : [],
        .. target.Moves ? Move(target, input) : [],
    ];

    private static IEnumerable<string> Plans(Plan? from, Plan to)
    {
        yield return from is null ? $"The plan becomes {to.Name}." : $"The plan {from.Name} becomes {to.Name}.";
        if (from is null)
            yield break;
        foreach (var (name, was, becomes) in new[]
        {
            ("users", (long)from.Limits.Users, (long)to.Limits.Users),
            ("storage in megabytes", from.Limits.StorageMegabytes, to.Limits.StorageMegabytes),
            ("requests a minute", from.Limits.RequestsPerMinute, to.Limits.RequestsPerMinute),
            ("database connections", from.Limits.DatabaseConnections, to.Limits.DatabaseConnections),
        })
        {
            if (was != becomes)
                yield return string.Create(CultureInfo.InvariantCulture, $"The limit of {name} changes from {was} to {becomes}.");
        }

        var on = to.Features.Where(f => f.Value && !from.Features.GetValueOrDefault(f.Key)).Select(f => f.Key).Order(StringComparer.Ordinal).ToList();
        var off = from.Features.Where(f => f.Value && !to.Features.GetValueOrDefault(f.Key)).Select(f => f.Key).Order(StringComparer.Ordinal).ToList();
        if (on.Count > 0)
            yield return $"By default on: {string.Join(", ", on)}.";
        if (off.Count > 0)
            yield return $"By default off: {string.Join(", ", off)}.";
        yield return "The tenant's own features and settings stay. Its users are counted when the operation starts; its storage and requests are not compared with the plan.";
    }

    private static IEnumerable<string> Move(MigrateTarget target, ValidMigrate input)
    {
        yield return $"The rows get a place with isolation {TierName.Of(target.Tier)} on server {target.Server}.";
        yield return input.PreserveData
            ? "The tenant is read-only while its rows are copied, and unavailable for a moment when it is routed to the new place."
            : "The tenant starts empty: no row is moved. It is read-only and then unavailable for a moment.";
        yield return "The former place is kept for Saga:Moves:KeepHours of the workers, and then removed with its rows. Until then the move can be reverted if nothing was written since.";
    }
}
