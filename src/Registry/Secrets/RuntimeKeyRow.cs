using Saga.Contracts.Identifiers;

namespace Saga.Registry.Secrets;

/// <summary>A tenant's key, wrapped under a runtime key.</summary>
public sealed record RuntimeKeyRow(TenantId Tenant, string RuntimeKeyId, byte[] Wrapped);
