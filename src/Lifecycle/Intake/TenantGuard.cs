using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Intake;

/// <summary>Common checks on a tenant, for plans.</summary>
public static class TenantGuard
{
    /// <returns>A rejection if the tenant's status is not one of these; otherwise null.</returns>
    public static OperationRejected? RequireStatus(Tenant tenant, params IReadOnlyList<TenantStatus> allowed) => allowed.Contains(tenant.Status) ? null : new()
    {
        Code = RejectionCodes.TenantState,
        Detail = $"Tenant '{tenant.Slug}' is {Name(tenant.Status)}. It must be {string.Join(" or ", allowed.Select(Name))}.",
    };

    private static string Name(TenantStatus status) => JsonNamingPolicy.CamelCase.ConvertName(status.ToString());
}
