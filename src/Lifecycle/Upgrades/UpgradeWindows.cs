using Microsoft.Extensions.Options;
using Saga.Contracts.Identifiers;
using Saga.Registry.Batches;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Upgrades;

/// <summary>The maintenance windows of places: that of the tenant whose own place it is, and that of the server for tables that tenants share. Thread-safe.</summary>
public sealed class UpgradeWindows(IOptions<UpgradesOptions> options, TenantStore tenants)
{
    /// <returns>The window's opening now, or the next one; null when the place has no window.</returns>
    public WindowTime? Of(PlaceVersion place, DateTimeOffset now) => place.Tier == IsolationTier.Row ? OfShared(place.Place.Server, now)
        : place is { Window: { } window, Timezone: { } timezone } ? MaintenanceTimes.At(window, timezone, now) : null;

    /// <summary>The same for an item of a batch, as it is now. Null also for one that is no upgrade, and for a rehearsal, which leaves the place as it is.</summary>
    public async Task<WindowTime?> OfAsync(BatchItem item, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (item.Rehearsal is not null || item.Place is not { } place)
            return null;
        if (place.IsShared)
            return OfShared(place.Place.Server, now);
        return await tenants.FindAsync(new TenantId(item.Subject), cancellationToken) is { MaintenanceWindow: { } window } tenant ? MaintenanceTimes.At(window, tenant.Timezone, now) : null;
    }

    private WindowTime? OfShared(string server, DateTimeOffset now) =>
        options.Value.RowWindows.TryGetValue(server, out var window) ? MaintenanceTimes.At(window.Window, window.Timezone, now) : null;
}
