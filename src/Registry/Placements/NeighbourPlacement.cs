namespace Saga.Registry.Placements;

/// <summary>Another tenant's placement in the same database.</summary>
/// <param name="TenantId">The tenant.</param>
/// <param name="Schema">Its schema there.</param>
/// <param name="Tier">Its isolation tier, in lower case.</param>
/// <param name="Slug">The tenant's slug.</param>
public sealed record NeighbourPlacement(Guid TenantId, string Schema, string Tier, string Slug);
