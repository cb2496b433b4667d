using Saga.Registry.Plans;

namespace Saga.Lifecycle.Config;

/// <summary>A key of a tenant's configuration: a setting of its plan, or a feature with the prefix <c>features.</c>.</summary>
/// <param name="Name">The setting's or the feature's name.</param>
/// <param name="Setting">The plan's setting; null for a feature.</param>
/// <param name="Default">Whether the plan has the feature on; false for a setting.</param>
public sealed record ConfigKey(string Name, PlanSetting? Setting, bool Default)
{
    public const string FeaturePrefix = "features.";

    public bool IsFeature => Setting is null;

    /// <summary>As callers write it.</summary>
    public string FullName => IsFeature ? FeaturePrefix + Name : Name;

    /// <summary>Null when the plan knows no such key.</summary>
    public static ConfigKey? Find(Plan plan, string? key)
    {
        if (key is null)
            return null;
        if (plan.Settings.TryGetValue(key, out var setting))
            return new(key, setting, false);
        return key.StartsWith(FeaturePrefix, StringComparison.Ordinal) && plan.Features.TryGetValue(key[FeaturePrefix.Length..], out var on) ? new(key[FeaturePrefix.Length..], null, on) : null;
    }

    public static IEnumerable<string> All(Plan plan) => plan.Settings.Keys.Concat(plan.Features.Keys.Select(f => FeaturePrefix + f)).Order(StringComparer.Ordinal);
}
