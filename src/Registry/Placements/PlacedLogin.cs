namespace Saga.Registry.Placements;

/// <summary>A tenant's login in one product database, with the epoch of its placement there.</summary>
public sealed record PlacedLogin(Guid TenantId, string Login, long Epoch);
