using System.Globalization;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Migrate;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Revert;

/// <summary>Whether a tenant's last move may be reverted. Whether rows were written since is found out by the operation. Pure.</summary>
internal static class RevertGuard
{
    /// <returns>The rejection; null when it may.</returns>
    public static OperationRejected? Check(ValidRevert input, Tenant tenant)
    {
        if (TenantGuard.RequireStatus(tenant, TenantStatus.Active) is { } status)
            return status;
        if (TenantGuard.RequireOpen(tenant) is { } held)
            return held;
        if (input.Kept is not { Until: not null } kept)
            return State($"No former copy of the rows of tenant '{tenant.Slug}' is kept, so there is no move to revert.");
        // The rows are put back where the tenant is.
        if (kept.Keeps is not null)
            return null;
        var name = input.PlanOf(tenant) ?? tenant.Plan;
        if (input.Plans.FirstOrDefault(p => p.Name == name) is not { } plan)
            return State($"The plan '{name}', which tenant '{tenant.Slug}' would have, is not in the registry any more. Migrate the tenant instead.");
        if (!plan.Tiers.Contains(kept.Placement.Tier))
        {
            return State(string.Create(CultureInfo.InvariantCulture,
                $"The former copy of the rows of tenant '{tenant.Slug}' has isolation {TierName.Of(kept.Placement.Tier)}, and plan {plan.Name} allows {TierName.List(plan.Tiers)}. Migrate the tenant instead."));
        }

        return plan.Name == tenant.Plan && plan.Version == tenant.PlanVersion ? null : PlanFit.Check(plan, tenant);
    }

    private static OperationRejected State(string detail) => new() { Code = RejectionCodes.TenantState, Detail = detail };
}
