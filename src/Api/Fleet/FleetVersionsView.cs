using System.Text.Json;
using Saga.Api.Batches;
using Saga.Api.Operations;
using Saga.Lifecycle.Upgrades;
using Saga.Registry.Placements;

namespace Saga.Api.Fleet;

/// <summary>Which versions of the product's tables there are.</summary>
public sealed record FleetVersionsView
{
    /// <summary>The newest released version; absent before a worker has released one.</summary>
    public int? Newest { get; init; }

    /// <summary>How many places and tenants have which version.</summary>
    public required IReadOnlyList<VersionCountView> Versions { get; init; }

    /// <summary>A page of the places with an older version than the newest, by server, database and schema.</summary>
    public required IReadOnlyList<LaggingPlaceView> Items { get; init; }

    /// <summary>Pass it as <c>cursor</c> to get the next page; absent on the last.</summary>
    public string? NextCursor { get; init; }
}

/// <summary>How many places and tenants of a tier have a version.</summary>
/// <param name="Tier">row, schema or database.</param>
/// <param name="Version">The version; absent when none is recorded.</param>
/// <param name="Places">How many places.</param>
/// <param name="Tenants">How many active tenants in them.</param>
public sealed record VersionCountView(string Tier, int? Version, int Places, int Tenants)
{
    internal static VersionCountView Of(VersionCount count) => new(count.Tier.ToString().ToLowerInvariant(), count.Version, count.Places, count.Tenants);
}

/// <summary>A place with an older version than the newest.</summary>
public sealed record LaggingPlaceView
{
    public required BatchPlaceView Place { get; init; }

    /// <summary>The tenant whose own place it is; absent for tables that tenants share.</summary>
    public string? TenantId { get; init; }

    public string? Slug { get; init; }

    /// <summary>The version; absent when none is recorded.</summary>
    public int? Version { get; init; }

    /// <summary>notOrdered, autoUpdateOff, window, ordered or failed.</summary>
    public required string Why { get; init; }

    /// <summary>When its maintenance window opens, or has opened; absent when it has none.</summary>
    public DateTimeOffset? Opens { get; init; }

    /// <summary>When that opening ends.</summary>
    public DateTimeOffset? Closes { get; init; }

    /// <summary>The address of the last batch that was run with an upgrade of it.</summary>
    public string? Batch { get; init; }

    /// <summary>The address of the operation of that upgrade.</summary>
    public string? Operation { get; init; }

    internal static LaggingPlaceView Of(PlaceVersion place, WindowTime? window, DateTimeOffset now) => new()
    {
        Place = new(place.Tier.ToString().ToLowerInvariant(), place.Place.Server, place.Place.Database, place.Place.Schema, place.Tenants),
        TenantId = place.Tenant?.ToString(),
        Slug = place.Slug,
        Version = place.Version,
        Why = JsonNamingPolicy.CamelCase.ConvertName(UpgradeRules.Why(place, now).ToString()),
        Opens = window?.Opens,
        Closes = window?.Closes,
        Batch = place.LastUpgrade is { } last ? BatchEndpoints.Address(last.Batch) : null,
        Operation = place.LastUpgrade?.OperationId is { } operation ? OperationEndpoints.Address(operation) : null,
    };
}
