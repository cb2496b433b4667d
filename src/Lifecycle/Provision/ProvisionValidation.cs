using System.Text.RegularExpressions;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Names;
using Saga.Registry.Plans;

namespace Saga.Lifecycle.Provision;

/// <summary>The rules for <see cref="ProvisionTenant"/>. Pure: the registry checks whether names are taken.</summary>
public static partial class ProvisionValidation
{
    public const int MaxNameLength = 200;

    public const string PlanRule = "the name of a plan listed by GET /api/v1/plans";

    /// <summary>Whether the text has the format of a plan's name.</summary>
    public static bool IsPlanName(string? text) => text is not null && LowerCaseName().IsMatch(text);

    /// <param name="command">The command as received; required strings may be null in a message.</param>
    /// <param name="plan">The named plan; null when it does not exist.</param>
    /// <param name="reserved">Names that no tenant may have.</param>
    /// <param name="errors">Every broken rule, in the order of the fields; empty when the result is not null.</param>
    public static ValidProvision? Validate(ProvisionTenant command, Plan? plan, ReservedNames reserved, out IReadOnlyList<FieldError> errors)
    {
        var found = new List<FieldError>();
        var name = Name(command.Name, found);
        var slug = SlugOf(command.Slug, reserved, found);
        if (plan is null)
            found.Add(new("/plan", command.Plan is { Length: > 0 } ? $"is not a known plan; must be {PlanRule}" : $"is required: {PlanRule}"));
        var email = Email(command.AdminEmail, found);
        var domain = Domain(command, plan, found);
        var subdomain = Subdomain(command.Subdomain, slug, reserved, found);
        var tier = Tier(command.Isolation, plan, found);
        var region = Region(command.Region, found);
        ProvisionOverrides.Check(command, plan, found);
        var timezone = command.Timezone ?? TimezoneName.Default;
        if (!TimezoneName.IsKnown(timezone))
            found.Add(new("/timezone", $"must be {TimezoneName.Rule}"));

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
        };
    }

    private static string? Name(string? text, List<FieldError> errors)
    {
        var name = text?.Trim();
        // Characters are counted as in the OpenAPI document, where one outside the basic plane is one, as received.
        if (name is not { Length: > 0 } || text!.EnumerateRunes().Count() > MaxNameLength || !StorableText.IsOneLine(name) || !VisibleText.IsClear(name))
            errors.Add(new("/name", $"must be 1 to {MaxNameLength} characters on one line, without control characters and invisible characters"));
        else if (VisibleText.HasMarkup(name))
            errors.Add(new("/name", "must not contain markup, such as <b>"));
        else
            return name;
        return null;
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

    private static string? Email(string? text, List<FieldError> errors)
    {
        var address = text is null ? null : EmailAddress.Normalize(text);
        if (address is null)
            errors.Add(new("/adminEmail", $"must be {EmailAddress.Rule}"));
        return address;
    }

    private static string? Domain(ProvisionTenant command, Plan? plan, List<FieldError> errors)
    {
        if (command.Domain is not { } text)
            return null;
        var domain = DomainName.Normalize(text);
        if (domain is null)
            errors.Add(new("/domain", $"must be {DomainName.Rule}"));
        else if (plan is not null && !ProvisionOverrides.IsOn(ProvisionOverrides.CustomDomain, command.Features, plan))
            errors.Add(new("/domain", $"needs the feature {ProvisionOverrides.CustomDomain}, which is off for this tenant of plan {plan.Name}"));
        return domain;
    }

    private static string? Subdomain(string? text, Slug? slug, ReservedNames reserved, List<FieldError> errors)
    {
        if (text is null)
            return slug?.ToString();
        var label = text.ToLowerInvariant();
        if (!DomainName.IsLabel(label))
            errors.Add(new("/subdomain", "must be one DNS label: 1 to 63 characters a-z, 0-9 and inner hyphens"));
        else if (reserved.RefuseSubdomain(label) is { } reason)
            errors.Add(new("/subdomain", reason));
        else
            return label;
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

    private static string? Region(string? text, List<FieldError> errors)
    {
        if (text is not null && !LowerCaseName().IsMatch(text))
            errors.Add(new("/region", "must be 1 to 63 characters a-z, 0-9 and '-'"));
        return text;
    }

    [GeneratedRegex(@"\A[a-z0-9-]{1,63}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex LowerCaseName();
}
