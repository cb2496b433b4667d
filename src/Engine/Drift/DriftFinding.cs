namespace Saga.Engine.Drift;

/// <summary>One difference between the outside and the registry.</summary>
/// <param name="Key">The thing.</param>
/// <param name="Kind">How it differs.</param>
/// <param name="Tenant">The tenant it belongs to, as far as the registry knows.</param>
/// <param name="MadeAt">When the thing was made, as far as that can be known.</param>
/// <param name="Differences">What is not as it should be, of a thing that is there.</param>
public sealed record DriftFinding(DriftKey Key, DriftKind Kind, Guid? Tenant, DateTimeOffset? MadeAt, IReadOnlyList<DriftDifference> Differences)
{
    /// <summary>The id that the thing bears, of a tenant, a placement, an operation or a backup; null for what is missing and for what bears none.</summary>
    public Guid? Owner { get; init; }
}

/// <param name="Fact">What is compared.</param>
/// <param name="Expected">As the registry says; null when it must not be.</param>
/// <param name="Found">As it is outside; null when it is not there.</param>
public sealed record DriftDifference(string Fact, string? Expected, string? Found);

/// <summary>A finding of an earlier scan that has not ended.</summary>
public sealed record OpenFinding(Guid Id, DriftKey Key, DriftKind Kind, Guid? Tenant);
