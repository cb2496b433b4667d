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

    /// <returns>A rejection that names the hold, if the tenant has one with another effect than noGrowth; otherwise null.</returns>
    public static OperationRejected? RequireOpen(Tenant tenant) => tenant.Holds.FirstOrDefault(h => h.Effect != HoldEffect.NoGrowth) is not { } hold ? null : new()
    {
        Code = RejectionCodes.TenantState,
        Detail = $"Tenant '{tenant.Slug}' has the hold {Name(hold.Code)} ({Name(hold.Effect)}), set by {hold.Actor}: {hold.Reason} Lift it first. A hold with the effect noGrowth is no obstacle.",
    };

    /// <summary>A status, code or effect as the API spells it.</summary>
    public static string Name<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
