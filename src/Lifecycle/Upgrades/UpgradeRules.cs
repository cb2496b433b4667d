using System.Globalization;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Registry.Batches;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Upgrades;

/// <summary>Whether a place is part of an upgrade.</summary>
public enum UpgradeChoice
{
    Upgrade,

    /// <summary>It has the version, or a newer one.</summary>
    HasVersion,

    /// <summary>Its tenant does not want automatic updates, and was not named.</summary>
    AutoUpdateOff,
}

/// <summary>Why a place has an older version than the newest one.</summary>
public enum VersionLag
{
    /// <summary>No upgrade of it was ordered, or it was aborted before.</summary>
    NotOrdered,

    /// <summary>Its tenant does not want automatic updates.</summary>
    AutoUpdateOff,

    /// <summary>An upgrade waits for its maintenance window.</summary>
    Window,

    /// <summary>An upgrade was ordered, and is not done.</summary>
    Ordered,

    /// <summary>The last upgrade failed, or was refused.</summary>
    Failed,
}

/// <summary>Decides which places are upgraded, and says why others are not. Pure.</summary>
public static class UpgradeRules
{
    /// <param name="place">A place that the selector matches.</param>
    /// <param name="target">The version to upgrade to.</param>
    /// <param name="isNamed">Whether its tenant was named.</param>
    public static UpgradeChoice Choose(PlaceVersion place, int target, bool isNamed)
    {
        if (place.Version >= target)
            return UpgradeChoice.HasVersion;
        // Shared tables have one version for all, so no tenant of theirs can keep an older one.
        return place.AutoUpdate || isNamed || place.Tier == IsolationTier.Row ? UpgradeChoice.Upgrade : UpgradeChoice.AutoUpdateOff;
    }

    /// <param name="place">A place with an older version.</param>
    /// <param name="now">The time.</param>
    public static VersionLag Why(PlaceVersion place, DateTimeOffset now) => place switch
    {
        { LastUpgrade: { State: BatchItemState.Pending, NotBefore: { } opens } } when opens > now => VersionLag.Window,
        { LastUpgrade.State: BatchItemState.Pending or BatchItemState.Running } => VersionLag.Ordered,
        { LastUpgrade.State: BatchItemState.Failed or BatchItemState.Refused } => VersionLag.Failed,
        { Tier: not IsolationTier.Row, AutoUpdate: false } => VersionLag.AutoUpdateOff,
        _ => VersionLag.NotOrdered,
    };

    /// <summary>What is wrong with the names of a place.</summary>
    internal static IEnumerable<FieldError> PlaceErrors(string server, string database, string schema) =>
        from name in new[] { ("/server", server), ("/database", database), ("/schema", schema) }
        where string.IsNullOrWhiteSpace(name.Item2)
        select new FieldError(name.Item1, "must be the place that GET /api/v1/fleet/versions shows");

    /// <returns>Why the tenant's own place is not this one; null when it is.</returns>
    internal static OperationRejected? Guard(Tenant tenant, Placement place) => TenantGuard.RequireStatus(tenant, TenantStatus.Active)
        ?? (tenant.Placed is { Tier: not IsolationTier.Row } placed && placed.Place == place ? null : new()
        {
            Code = RejectionCodes.TenantState,
            Detail = $"The rows of tenant '{tenant.Slug}' are not in schema '{place.Schema}' of database '{place.Database}' on server '{place.Server}' any more. Order another upgrade.",
        });

    /// <returns>Why this is no version to upgrade to; null when it is.</returns>
    public static string? VersionError(int version, int newest) => version >= 1 && version <= newest ? null : newest == 0
        ? "cannot be given yet: no worker has released the product's files"
        : string.Create(CultureInfo.InvariantCulture, $"must be a released version of the product, from 1 to {newest}. A file is released once a worker has started with it");
}
