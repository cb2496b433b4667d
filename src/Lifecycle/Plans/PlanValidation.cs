using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Deprovision;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Provision;
using Saga.Registry.Plans;

namespace Saga.Lifecycle.Plans;

/// <summary>The rules for a version of a plan. Pure.</summary>
public static partial class PlanValidation
{
    public const int MaxEntries = 100;
    public const int MaxConnections = 1000;
    public const long MaxRequests = 1_000_000_000_000;
    private const string AtMost = "atMost";
    private const string AtLeast = "atLeast";

    // How features are named where settings are read, so no setting may be called like that.
    private static readonly string[] FeaturePrefixes = ["feature:", "features."];

    /// <param name="draft">What somebody asks for.</param>
    /// <param name="current">The version that it replaces; null for a new plan. Defaults of sealed settings, which nobody can read, are taken over from it.</param>
    /// <param name="errors">Every broken rule; empty when the result is not null.</param>
    public static Plan? Validate(PlanDraft draft, Plan? current, out IReadOnlyList<FieldError> errors)
    {
        var found = new List<FieldError>();
        if (!ProvisionValidation.IsPlanName(draft.Name))
            found.Add(new("/name", "must be 1 to 63 characters a-z, 0-9 and '-'"));
        var tiers = Tiers(draft, found, out var usual);
        var limits = Limits(draft.Limits, found);
        if (draft.GraceDays is < 0 or > DeprovisionPlan.MaxGraceDays)
            found.Add(new("/graceDays", string.Create(CultureInfo.InvariantCulture, $"must be a whole number from 0 to {DeprovisionPlan.MaxGraceDays}")));
        Names("/features", draft.Features?.Keys, FeatureName(), "letters, digits, '_' and '-', beginning with a letter, at most 63", found);
        Names("/settings", draft.Settings?.Keys, SettingName(), "letters, digits, '.', '_' and '-', beginning with a letter, at most 127", found);
        var settings = new Dictionary<string, PlanSetting>(StringComparer.Ordinal);
        foreach (var (key, setting) in (draft.Settings ?? new Dictionary<string, PlanSettingDraft>()).Take(MaxEntries))
        {
            var pointer = FieldError.PointerTo("/settings", key);
            // A dictionary's values are null where the JSON has null, whatever their type says.
            if (setting is null)
                found.Add(new(pointer, "must be an object"));
            else
                settings[key] = Setting(pointer, key, setting, current, found);
        }

        errors = found;
        return found.Count > 0 ? null : new()
        {
            Name = draft.Name!,
            Tiers = tiers,
            DefaultTier = usual,
            Limits = limits!,
            GraceDays = draft.GraceDays ?? Plan.UsualGraceDays,
            Features = draft.Features!,
            Settings = settings,
        };
    }

    private static IReadOnlyList<IsolationTier> Tiers(PlanDraft draft, List<FieldError> errors, out IsolationTier usual)
    {
        usual = default;
        var tiers = (draft.Tiers ?? []).Select(t => t is null ? null : TierName.Parse(t)).ToList();
        var known = tiers.OfType<IsolationTier>().Distinct().ToList();
        if (known.Count == 0 || known.Count != tiers.Count)
            errors.Add(new("/tiers", "must be one or more of row, schema, database, each once"));
        else if (draft.DefaultTier is null || TierName.Parse(draft.DefaultTier) is not { } given || !known.Contains(given))
            errors.Add(new("/defaultTier", $"must be one of the plan's tiers: {TierName.List(known)}"));
        else
            usual = given;
        return known;
    }

    private static PlanLimits? Limits(PlanLimitsDraft? draft, List<FieldError> errors)
    {
        if (draft is null)
        {
            errors.Add(new("/limits", "is required: users, storageGib, databaseConnections, and requestsPerDay unless requests are unlimited"));
            return null;
        }

        Within("/limits/users", draft.Users, int.MaxValue, required: true);
        Within("/limits/storageGib", draft.StorageGib, OwnLimits.MostStorage, required: true);
        Within("/limits/requestsPerDay", draft.RequestsPerDay, MaxRequests, required: false);
        Within("/limits/databaseConnections", draft.DatabaseConnections, MaxConnections, required: true);
        if (draft.OwnLimits is not (null or AtMost or AtLeast))
            errors.Add(new("/limits/ownLimits", $"must be {AtMost} or {AtLeast}"));
        return new()
        {
            Users = draft.Users ?? 0,
            StorageGib = draft.StorageGib ?? 0,
            RequestsPerDay = draft.RequestsPerDay,
            DatabaseConnections = draft.DatabaseConnections ?? 0,
            OwnLimits = draft.OwnLimits == AtLeast ? OwnLimitRule.AtLeast : OwnLimitRule.AtMost,
        };

        void Within(string pointer, long? number, long most, bool required)
        {
            if (number is null ? required : number < 1 || number > most)
                errors.Add(new(pointer, string.Create(CultureInfo.InvariantCulture, $"must be a whole number from 1 to {most}")));
        }
    }

    private static PlanSetting Setting(string pointer, string key, PlanSettingDraft draft, Plan? current, List<FieldError> errors)
    {
        var (generated, isSealed) = (draft.Generated == true, draft.Sealed == true);
        var former = isSealed && !generated && current?.Settings.GetValueOrDefault(key) is { Sealed: true } known ? known.Value : null;
        var setting = new PlanSetting
        {
            Value = isSealed ? former : draft.Default is { } given ? SettingValue.Normalize(given) : null,
            Generate = generated,
            Sealed = isSealed,
            Minimum = draft.Minimum,
            Maximum = draft.Maximum,
        };
        if (SettingError(draft, setting) is { } error)
            errors.Add(error with { Pointer = pointer + error.Pointer });
        // Written out, so that what GET shows and PUT sends back is the same.
        if (setting is { Value.ValueKind: JsonValueKind.Number, Sealed: false })
            return setting with { Minimum = setting.Minimum ?? 0, Maximum = setting.Maximum ?? PlanSetting.DefaultMaximum };
        return draft.Schema is { } schema && SettingValue.SchemaOf(setting) is { } usual && JsonElement.DeepEquals(schema, usual) ? setting : setting with { Schema = draft.Schema };
    }

    private static FieldError? SettingError(PlanSettingDraft draft, PlanSetting setting)
    {
        if (setting.Sealed && draft.Default is not null)
            return new("/default", "must be absent: definitions are not encrypted, so a sealed setting has none. Let it be generated for each tenant");
        if (setting.Generate && draft.Default is not null)
            return new("/default", "must be absent, because the value is generated");
        if (!setting.Generate && setting.Value is null)
            return setting.Sealed ? new("/generated", "must be true for a sealed setting") : new("/default", "is required, unless the value is generated for each tenant");
        if ((setting.Generate || setting.Sealed) && draft.Schema is not null)
            return new("/schema", "must be absent for a sealed or generated setting");
        if (setting.Value?.ValueKind == JsonValueKind.Null)
            return new("/default", "must not be null, because it gives the setting its type");
        if (setting.Value?.ValueKind is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False && draft.Schema is { } own
            && !(SettingValue.SchemaOf(setting) is { } usual && JsonElement.DeepEquals(own, usual)))
        {
            return new("/schema", "must be absent: the default gives a number or a boolean its schema, with minimum and maximum");
        }

        return setting.Value?.ValueKind == JsonValueKind.Number ? NumberError(draft, setting) : OtherError(draft, setting);
    }

    private static FieldError? NumberError(PlanSettingDraft draft, PlanSetting setting)
    {
        if (draft.Minimum > (draft.Maximum ?? PlanSetting.DefaultMaximum))
            return new("/minimum", "must be at most maximum");
        return !setting.Sealed && SettingValue.Error(setting, setting.Value!.Value) is { } wrong ? new("/default", wrong) : null;
    }

    private static FieldError? OtherError(PlanSettingDraft draft, PlanSetting setting)
    {
        if (draft.Minimum is not null || draft.Maximum is not null)
            return new(draft.Minimum is null ? "/maximum" : "/minimum", "must be absent, because the default is no number");
        if (draft.Schema is { } schema)
        {
            if (schema.GetRawText().Length > SettingValue.MaxLength)
                return new("/schema", $"must be at most {SettingValue.MaxLength} characters");
            if (JsonSchemaRules.SchemaError(schema) is { } faulty)
                return new("/schema", faulty);
        }

        return setting is { Sealed: false, Value: { } value } && SettingValue.Error(setting with { Schema = draft.Schema }, value) is { } wrong ? new("/default", wrong) : null;
    }

    private static void Names(string pointer, IEnumerable<string>? names, Regex rule, string words, List<FieldError> errors)
    {
        if (names is null)
        {
            errors.Add(new(pointer, "is required; {} for none"));
            return;
        }

        var all = names.ToList();
        if (all.Count > MaxEntries)
            errors.Add(new(pointer, $"must have at most {MaxEntries} entries"));
        foreach (var name in all.Take(MaxEntries).Where(n => !rule.IsMatch(n)))
            errors.Add(new(FieldError.PointerTo(pointer, name), $"must be named with {words}"));
        foreach (var name in all.Take(MaxEntries).Where(n => pointer == "/settings" && FeaturePrefixes.Any(p => n.StartsWith(p, StringComparison.Ordinal))))
            errors.Add(new(FieldError.PointerTo(pointer, name), "must not begin with features., which is how features are read"));
    }

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_-]{0,62}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex FeatureName();

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9._-]{0,126}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex SettingName();
}
