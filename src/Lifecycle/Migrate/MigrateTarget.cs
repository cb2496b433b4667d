using Saga.Contracts.Identifiers;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Migrate;

/// <summary>What a tenant would have after a migration.</summary>
/// <param name="From">The version of the plan that it has.</param>
/// <param name="Plan">The plan that it would have.</param>
/// <param name="Tier">Its tier afterwards.</param>
/// <param name="Server">Its database server afterwards.</param>
/// <param name="Moves">Whether its rows would get another place.</param>
public sealed record MigrateTarget(Plan? From, Plan Plan, IsolationTier Tier, string? Server, bool Moves)
{
    /// <summary>Whether it would have another plan, or another version of its plan.</summary>
    public bool ChangesPlan => (From?.Name, From?.Version) != (Plan.Name, Plan.Version);

    /// <summary>The target of a command for a tenant; null when the tenant's plan is not in the registry.</summary>
    public static MigrateTarget? Of(ValidMigrate input, Tenant tenant)
    {
        var from = input.OwnPlan is { } own && (own.Name, own.Version) == (tenant.Plan, tenant.PlanVersion)
            ? own
            : input.Plans.FirstOrDefault(p => (p.Name, p.Version) == (tenant.Plan, tenant.PlanVersion));
        if ((input.Plan ?? from) is not { } plan)
            return null;
        var tier = input.Tier ?? (plan.Tiers.Contains(tenant.Tier) ? tenant.Tier : plan.DefaultTier);
        var server = tenant.Placement?.Server;
        return new(from, plan, tier, input.Server ?? server, tier != tenant.Tier || (input.Server is { } other && other != server));
    }
}
