namespace Saga.Contracts.Batches;

/// <summary>Which tenants' places are rehearsed before any place is upgraded.</summary>
public sealed record UpgradeRehearsal
{
    /// <summary>Ids or slugs, at most 20, of tenants whose own places are upgraded: those of the tiers schema and database.</summary>
    public required IReadOnlyList<string> Tenants { get; init; }
}
