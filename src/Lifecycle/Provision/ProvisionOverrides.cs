using System.Globalization;
using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Registry.Plans;

namespace Saga.Lifecycle.Provision;

/// <summary>The rules for a command's features and settings: keys must be in the plan, and values must have the default's type.</summary>
internal static class ProvisionOverrides
{
    private const int MaxEntries = 100;
    private const int MaxValueLength = 4096;

    /// <summary>The feature that lets a tenant have a domain of its own.</summary>
    public const string CustomDomain = "customDomain";

    /// <summary>Whether the tenant would have the feature; true when the plan does not know it.</summary>
    public static bool IsOn(string feature, IReadOnlyDictionary<string, bool>? own, Plan plan) =>
        own?.TryGetValue(feature, out var given) == true ? given : !plan.Features.TryGetValue(feature, out var usual) || usual;

    /// <summary>The settings with whole numbers written as such: <c>25.0</c> is stored as <c>25</c>.</summary>
    public static IReadOnlyDictionary<string, JsonElement> Normalize(IReadOnlyDictionary<string, JsonElement>? settings) =>
        (settings ?? new Dictionary<string, JsonElement>()).ToDictionary(s => s.Key, s => WholeNumber(s.Value) is { } number ? JsonSerializer.SerializeToElement(number) : s.Value, StringComparer.Ordinal);

    public static void Check(ProvisionTenant command, Plan? plan, List<FieldError> errors)
    {
        Count(command.Features?.Count, command.Settings?.Count, errors);
        if (plan is not null)
            Check(command.Features, command.Settings, plan, errors);
    }

    /// <summary>Checks a tenant's own features and settings against a plan.</summary>
    public static void Check(IReadOnlyDictionary<string, bool>? features, IReadOnlyDictionary<string, JsonElement>? settings, Plan plan, List<FieldError> errors)
    {
        foreach (var key in (features?.Keys ?? []).Where(k => !plan.Features.ContainsKey(k)).Take(MaxEntries))
            errors.Add(new(Pointer("/features", key), $"is not a feature of plan {plan.Name}; it has {Listed(plan.Features.Keys)}"));
        foreach (var (key, value) in (settings ?? new Dictionary<string, JsonElement>()).Take(MaxEntries))
        {
            if (!plan.Settings.TryGetValue(key, out var setting))
                errors.Add(new(Pointer("/settings", key), $"is not a setting of plan {plan.Name}; it has {Listed(plan.Settings.Where(s => IsOpen(s.Value)).Select(s => s.Key))}"));
            else if (Error(setting, value) is { } error)
                errors.Add(new(Pointer("/settings", key), error));
        }
    }

    /// <summary>A JSON pointer (RFC 6901). An oversized key is shortened, because it comes from outside.</summary>
    internal static string Pointer(string parent, string key) =>
        $"{parent}/{(key.Length > 100 ? key[..100] : key).Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";

    // Commands are stored unencrypted, so they must not contain a sealed setting.
    private static bool IsOpen(PlanSetting setting) => setting is { Sealed: false, Generate: false };

    private static string? Error(PlanSetting setting, JsonElement value)
    {
        if (!IsOpen(setting))
            return "is sealed or generated for each tenant; it cannot be given";
        if (value.ValueKind != JsonValueKind.Undefined && value.GetRawText().EnumerateRunes().Count() > MaxValueLength)
            return $"must be at most {MaxValueLength} characters";
        return setting.Value?.ValueKind switch
        {
            JsonValueKind.True or JsonValueKind.False => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : "must be true or false",
            JsonValueKind.Number when WholeNumber(setting.Value.Value) is not null => WholeNumber(value) is { } whole && IsWithin(setting, whole) ? null : $"must be an integer {Bounds(setting)}",
            JsonValueKind.Number => value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) && IsWithin(setting, number) ? null : $"must be a number {Bounds(setting)}",
            JsonValueKind.String => value.ValueKind == JsonValueKind.String && StorableText.IsStorable(value) ? null : "must be a string without NUL",
            { } kind => value.ValueKind == kind && StorableText.IsStorable(value) ? null : $"must be an {kind.ToString().ToLowerInvariant()}, as the plan's default is",
            null => "has no default to compare with; it cannot be given",
        };
    }

    // As in JSON Schema, where 25.0 and 2.5e1 are integers.
    private static long? WholeNumber(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) && number == decimal.Truncate(number) && number is >= long.MinValue and <= long.MaxValue ? (long)number : null;

    private static bool IsWithin(PlanSetting setting, decimal number) => number >= (setting.Minimum ?? 0) && number <= (setting.Maximum ?? PlanSetting.DefaultMaximum);

    private static string Bounds(PlanSetting setting) =>
        string.Create(CultureInfo.InvariantCulture, $"from {setting.Minimum ?? 0} to {setting.Maximum ?? PlanSetting.DefaultMaximum}");

    public static void Count(int? features, int? settings, List<FieldError> errors)
    {
        Count("/features", features, errors);
        Count("/settings", settings, errors);
    }

    private static void Count(string pointer, int? count, List<FieldError> errors)
    {
        if (count > MaxEntries)
            errors.Add(new(pointer, $"must have at most {MaxEntries} entries"));
    }

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.Ordinal));
}
