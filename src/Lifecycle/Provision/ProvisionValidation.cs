using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Names;
using Saga.Lifecycle.Plans;
using Saga.Lifecycle.Profile;
using Saga.Registry.Plans;

namespace Saga.Lifecycle.Provision;

/// <summary>The rules for <see cref="ProvisionTenant"/>. Pure: the registry checks whether names are taken.</summary>
public static class ProvisionValidation
{
    public const string PlanRule = "the name of a plan listed by GET /api/v1/plans";

    /// <summary>Whether the text has the format of a plan's name.</summary>
    public static bool IsPlanName(string? text) => text is not null && TenantFields.IsLowerCaseName(text);

    /// <param name="command">The command as received; required strings may be null in a message.</param>
    /// <param name="plan">The named plan; null when it does not exist.</param>
    /// <param name="reserved">Names that no tenant may have.</param>
    /// <param name="errors">Every broken rule, in the order of the fields; empty when the result is not null.</param>
    public static ValidProvision? Validate(ProvisionTenant command, Plan? plan, ReservedNames reserved, out IReadOnlyList<FieldError> errors)
    {
        var found = new List<FieldError>();
        var name = TenantFields.Name(command.Name, found);
        var slug = SlugOf(command.Slug, reserved, found);
        if (plan is null)
            found.Add(new("/plan", command.Plan is { Length: > 0 } ? $"is not a known plan; must be {PlanRule}" : $"is required: {PlanRule}"));
        var email = TenantFields.Email(command.AdminEmail, found);
        var domain = command.Domain is null ? null : TenantFields.Domain(command.Domain, found);
        var subdomain = command.Subdomain is { } label ? TenantFields.Subdomain(label, reserved, found) : slug?.ToString();
        var tier = Tier(command.Isolation, plan, found);
        var region = TenantFields.Region(command.Region, found);
        ProvisionOverrides.Check(command, plan, found);
        if (plan is not null)
            OwnLimits.Check(command.MaxUsers, command.MaxStorage, plan, found);
        var timezone = TenantFields.Timezone(command.Timezone, found);
        var description = TenantFields.Description(command.Description, found);
        var phone = TenantFields.Phone(command.Phone, found);
        var pool = PoolRule.Check(command.Pool, plan, found);
        var window = MaintenanceWindowRule.Check(command.MaintenanceWindow, found);

        errors = found;
        if (found.Count > 0)
            return null;
        return new()
        {
            Name = name!,
            Slug = slug!.Value,
            Plan = plan!,
            Tier = tier!.Value,
            AdminEmail = email!,
            Domain = domain,
            Subdomain = subdomain!,
            SubdomainGiven = command.Subdomain is not null,
            Region = region,
            Timezone = timezone,
            Features = command.Features ?? new Dictionary<string, bool>(),
            Settings = ProvisionOverrides.Normalize(command.Settings),
            Description = description,
            Phone = phone,
            Pool = pool,
            ReadReplica = command.ReadReplica ?? false,
            AutoUpdate = command.AutoUpdate ?? true,
            MaintenanceWindow = window,
            MaxUsers = command.MaxUsers,
            MaxStorage = command.MaxStorage,
        };
    }

    private static Slug? SlugOf(string? text, ReservedNames reserved, List<FieldError> errors)
    {
        if (!Slug.TryParse(text, out var slug))
            errors.Add(new("/slug", $"must be {Slug.Rule}"));
        else if (reserved.RefuseSlug(text) is { } reason)
            errors.Add(new("/slug", reason));
        else
            return slug;
        return null;
    }

    private static IsolationTier? Tier(string? text, Plan? plan, List<FieldError> errors)
    {
        if (text is null)
            return plan?.DefaultTier;
        var tier = TierName.Parse(text);
        if (tier is null)
            errors.Add(new("/isolation", TierName.Rule));
        else if (plan is not null && !plan.Tiers.Contains(tier.Value))
            errors.Add(new("/isolation", $"plan {plan.Name} allows {TierName.List(plan.Tiers)}"));
        return tier;
    }
}
