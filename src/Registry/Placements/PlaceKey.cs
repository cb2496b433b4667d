namespace Saga.Registry.Placements;

/// <summary>A tenant's place in one product database.</summary>
public sealed record PlaceKey(Guid TenantId, string Server, string Database);
