using Saga.Contracts.Identifiers;

namespace Saga.Tenancy.Connections;

/// <summary>The tenant has no database to connect to: none was made yet, or it is gone.</summary>
public sealed class TenantUnavailableException(TenantId tenant, string reason) : Exception($"Tenant {tenant} has no database: {reason}.")
{
    public TenantId Tenant { get; } = tenant;
}
