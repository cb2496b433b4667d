using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Provision;
using Saga.Registry.Placements;
using Saga.Registry.Plans;

namespace Saga.Lifecycle.Migrate;

/// <summary>The rules for <see cref="MigrateTenant"/> that need no tenant. Pure.</summary>
public static class MigrateValidation
{
    /// <param name="command">The command as received.</param>
    /// <param name="plans">The current version of every plan of the registry.</param>
    /// <param name="servers">Every database server of the registry.</param>
    /// <param name="errors">Every broken rule, in the order of the fields; empty when the result is not null.</param>
    public static ValidMigrate? Validate(
        MigrateTenant command, IReadOnlyList<Plan> plans, IReadOnlyList<PlacementServer> servers, out IReadOnlyList<FieldError> errors)
    {
        var found = new List<FieldError>();
        if (command.TenantId == default)
            found.Add(new("/tenantId", "is required: the tenant's id"));
        var plan = plans.FirstOrDefault(p => p.Name == command.TargetPlan);
        if (command.TargetPlan is not null && plan is null)
            found.Add(new("/targetPlan", $"is not a known plan; must be {ProvisionValidation.PlanRule}"));
        if (command is { TargetVersion: not null, TargetPlan: null })
            found.Add(new("/targetVersion", "must be absent without targetPlan"));
        var tier = Tier(command.Isolation, plan, found);
        if (command.Server is { } server && servers.All(s => s.Name != server))
            found.Add(new("/server", servers.Count == 0 ? "the installation has no database server" : $"must be one of {string.Join(", ", servers.Select(s => s.Name))}"));
        if (command is { TargetPlan: null, Isolation: null, Server: null })
            found.Add(new("/targetPlan", "is required unless isolation or server is given"));

        errors = found;
        return found.Count > 0 ? null : new()
        {
            Tenant = command.TenantId,
            Plan = plan,
            Version = command.TargetVersion,
            Tier = tier,
            Server = command.Server,
            PreserveData = command.MigrationOptions?.PreserveData ?? true,
            Downtime = command.MigrationOptions?.Downtime ?? false,
            Confirm = command.Confirm,
            Plans = plans,
            Servers = servers,
        };
    }

    private static IsolationTier? Tier(string? text, Plan? plan, List<FieldError> errors)
    {
        if (text is null)
            return null;
        var tier = TierName.Parse(text);
        if (tier is null)
            errors.Add(new("/isolation", TierName.Rule));
        else if (plan is not null && !plan.Tiers.Contains(tier.Value))
            errors.Add(new("/isolation", $"plan {plan.Name} allows {TierName.List(plan.Tiers)}"));
        return tier;
    }
}
