using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Plans;
using Saga.Registry.Plans;

namespace Saga.Lifecycle.Provision;

/// <summary>The rules for a command's features and settings: keys must be in the plan, and values must have the default's type.</summary>
internal static class ProvisionOverrides
{
    private const int MaxEntries = 100;

    /// <summary>The settings with whole numbers written as such: <c>25.0</c> is stored as <c>25</c>.</summary>
    public static IReadOnlyDictionary<string, JsonElement> Normalize(IReadOnlyDictionary<string, JsonElement>? settings) =>
        (settings ?? new Dictionary<string, JsonElement>()).ToDictionary(s => s.Key, s => SettingValue.Normalize(s.Value), StringComparer.Ordinal);

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
            errors.Add(new(FieldError.PointerTo("/features", key), $"is not a feature of plan {plan.Name}; it has {Listed(plan.Features.Keys)}"));
        foreach (var (key, value) in (settings ?? new Dictionary<string, JsonElement>()).Take(MaxEntries))
        {
            if (!plan.Settings.TryGetValue(key, out var setting))
                errors.Add(new(FieldError.PointerTo("/settings", key), $"is not a setting of plan {plan.Name}; it has {Listed(plan.Settings.Where(s => SettingValue.IsOpen(s.Value)).Select(s => s.Key))}"));
            else if (Error(setting, value) is { } error)
                errors.Add(new(FieldError.PointerTo("/settings", key), error));
        }
    }

    private static string? Error(PlanSetting setting, JsonElement value) =>
        SettingValue.IsOpen(setting) ? SettingValue.Error(setting, value) : "is sealed or generated for each tenant; it cannot be given";

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
