namespace Saga.Registry.Leases;

/// <summary>The tenant's row holds what this version does not know, such as a tier. A newer one wrote it.</summary>
public sealed class UnreadableTenantException(string reason) : Exception($"The tenant cannot be read: {reason}");
