using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Provision;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Adopt;

/// <param name="Tenant">The tenant, by the rules of provisioning.</param>
/// <param name="Place">What it adopts.</param>
/// <param name="Id">The tenant's id that its rows carry; null for a new one.</param>
public sealed record ValidAdoption(ValidProvision Tenant, Placement Place, TenantId? Id);
