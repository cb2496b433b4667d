using Saga.Api.Problems;
using Saga.Contracts.Identifiers;
using Saga.Registry.Tenants;

namespace Saga.Api.Tenants;

/// <summary>A tenant in an address, by its id or slug.</summary>
internal static class TenantAddress
{
    /// <summary>The field of a command that the address gives.</summary>
    public const string Field = "tenantId";

    /// <summary>The id of the tenant; null when there is none. A slug that looks like an id finds the tenant with that id first.</summary>
    public static async Task<TenantId?> FindAsync(string idOrSlug, TenantStore tenants, CancellationToken cancellationToken)
    {
        if (TenantId.TryParse(idOrSlug, out var id) && await tenants.FindAsync(id, cancellationToken) is not null)
            return id;
        return Slug.TryParse(idOrSlug, out var slug) ? (await tenants.FindAsync(slug, cancellationToken))?.Id : null;
    }

    public static ProblemResult NotFound() => new(ProblemType.TenantNotFound, "No tenant has this id or slug. GET /api/v1/tenants lists them.");
}
