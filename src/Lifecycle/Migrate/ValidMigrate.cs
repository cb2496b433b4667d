using Saga.Contracts.Identifiers;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Migrate;

/// <summary>A valid command, with what the registry knows of plans and servers, so that everything else is decided from the tenant alone.</summary>
public sealed record ValidMigrate
{
    public required TenantId Tenant { get; init; }

    /// <summary>The plan to change to; null to keep the tenant's own.</summary>
    public Plan? Plan { get; init; }

    /// <summary>The version of <see cref="Plan"/> that the command names; null when it names none.</summary>
    public int? Version { get; init; }

    /// <summary>The tier that the command names; null when it names none.</summary>
    public IsolationTier? Tier { get; init; }

    /// <summary>The server that the command names; null when it names none.</summary>
    public string? Server { get; init; }

    public bool PreserveData { get; init; } = true;

    public bool Downtime { get; init; }

    public string? Confirm { get; init; }

    /// <summary>The current version of every plan.</summary>
    public required IReadOnlyList<Plan> Plans { get; init; }

    /// <summary>The version that <see cref="Found"/> runs on, which may not be current any more.</summary>
    public Plan? OwnPlan { get; init; }

    public required IReadOnlyList<PlacementServer> Servers { get; init; }

    /// <summary>The former copies of the tenant's rows that are kept.</summary>
    public IReadOnlyList<KeptPlacement> Kept { get; init; } = [];

    /// <summary>The tenant as it was when the command was checked, for previews; null when there is none. Whether the command is allowed is decided with its locked row.</summary>
    public Tenant? Found { get; init; }
}
