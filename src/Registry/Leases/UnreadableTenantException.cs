namespace Saga.Registry.Leases;

/// <summary>The tenant's row contains a value from a newer version that this one does not know, such as a tier.</summary>
public sealed class UnreadableTenantException(string reason) : Exception($"The tenant cannot be read: {reason}");
