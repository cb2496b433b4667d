using Saga.Contracts.Identifiers;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Update;

/// <summary>A checked update.</summary>
public sealed record ValidUpdate
{
    public required TenantId Tenant { get; init; }

    /// <summary>The version that the sender has read; null when the sender gave none.</summary>
    public long? Version { get; init; }

    /// <summary>What it changes of the tenant at that version; null when the tenant has another one, for which nothing was checked.</summary>
    public TenantChange? Change { get; init; }

    /// <summary>The tenant at that version; null when it has another one.</summary>
    public Tenant? Found { get; init; }

    public IReadOnlyList<PlacementServer> Servers { get; init; } = [];
}
