using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Provision;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Adopt;

/// <param name="Tenant">The tenant, by the rules of provisioning.</param>
/// <param name="Place">What it adopts, or where the rows are that are copied.</param>
/// <param name="Id">The tenant's id that its rows carry; null for a new one.</param>
/// <param name="Users">Who becomes a member of its organisation; null for nobody but the administrator.</param>
public sealed record ValidAdoption(ValidProvision Tenant, Placement Place, TenantId? Id, ValidAdoptedUsers? Users)
{
    /// <summary>Whether rows are copied into the tables that tenants share. Otherwise the place becomes the tenant's.</summary>
    public bool IsCopy => Tenant.Tier == IsolationTier.Row;
}

/// <param name="Emails">Their addresses, each once; null when a domain is given.</param>
/// <param name="EmailDomain">The domain of their addresses; null when they are listed.</param>
public sealed record ValidAdoptedUsers(IReadOnlyList<string>? Emails, string? EmailDomain);
