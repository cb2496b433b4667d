using Saga.Contracts.Identifiers;

namespace Saga.Registry.Secrets;

/// <summary>Names one credential of a tenant.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Placement">The placement that it opens; null for a credential that does not change when the tenant's data moves.</param>
/// <param name="Purpose">What it opens.</param>
public sealed record CredentialKey(TenantId Tenant, Guid? Placement, string Purpose)
{
    /// <summary>A login for one placement. Each placement of a tenant has its own.</summary>
    public static CredentialKey Of(TenantId tenant, Guid placement, string purpose) => new(tenant, placement, purpose);

    /// <summary>A credential for what the tenant has once, wherever its data is.</summary>
    public static CredentialKey Of(TenantId tenant, string purpose) => new(tenant, null, purpose);
}
