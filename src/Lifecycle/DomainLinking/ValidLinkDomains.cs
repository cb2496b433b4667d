using Saga.Contracts.Identifiers;

namespace Saga.Lifecycle.DomainLinking;

/// <summary>A checked command.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Remove">The domain to remove, in the registry's spelling; null for none.</param>
/// <param name="IsThere">Whether the tenant has that domain.</param>
public sealed record ValidLinkDomains(TenantId Tenant, string? Remove, bool IsThere);
