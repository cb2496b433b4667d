namespace Saga.Contracts.Batches;

/// <summary>
/// Prepares the upgrade of the product's tables in many places: databases, schemas, and the tables that tenants share. The places are chosen once,
/// now; running it upgrades exactly those.
/// </summary>
public sealed record PrepareUpgrades
{
    /// <summary>A released version of the product's tables. Places that have it, or a newer one, are left out.</summary>
    public required int TargetVersion { get; init; }

    /// <summary>Places of which tenants; null for all. A tenant that does not want automatic updates is left out, unless it shares its tables.</summary>
    public TenantSelector? Selector { get; init; }

    /// <summary>Places of these tenants by id or slug, at most 10,000, whether or not they want automatic updates. Not together with <see cref="Selector"/>.</summary>
    public IReadOnlyList<string>? Tenants { get; init; }

    /// <summary>Whether each tenant is backed up before its place is upgraded. Not for shared tables. False when null.</summary>
    public bool? BackupFirst { get; init; }

    /// <summary>Which tenants' places are rehearsed first: on a copy of each that is restored from a backup. No place is upgraded before all of them have succeeded. None when null.</summary>
    public UpgradeRehearsal? Rehearse { get; init; }

    /// <inheritdoc cref="BatchWave"/>
    public BatchWave? Wave { get; init; }

    /// <inheritdoc cref="PrepareReplays.RatePerMinute"/>
    public int? RatePerMinute { get; init; }

    /// <inheritdoc cref="PrepareReplays.StopAtFailureRatio"/>
    public decimal? StopAtFailureRatio { get; init; }

    /// <summary>1 to 500 characters, for people.</summary>
    public required string Reason { get; init; }
}
