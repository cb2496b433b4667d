using Saga.Contracts.Identifiers;

namespace Saga.Tenancy.Connections;

/// <summary>The tenant has no database to connect to: it was not created yet, or it was removed.</summary>
public sealed class TenantUnavailableException(TenantId tenant, string reason) : Exception($"Tenant {tenant} has no database: {reason}.")
{
    public TenantId Tenant { get; } = tenant;
}
