using System.Text.Json;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Plans;
using Saga.Registry.Plans;

namespace Saga.Api.Plans;

/// <summary>What a tenant of the plan may use, and its default configuration.</summary>
public sealed record PlanView
{
    public required string Name { get; init; }

    public required int Version { get; init; }

    public required IReadOnlyList<IsolationTier> Tiers { get; init; }

    public required IsolationTier DefaultTier { get; init; }

    public required PlanLimits Limits { get; init; }

    /// <summary>How many days pass between a deprovisioning and the removal, unless the command says otherwise.</summary>
    public required int GraceDays { get; init; }

    public required IReadOnlyDictionary<string, bool> Features { get; init; }

    public required IReadOnlyDictionary<string, PlanSettingView> Settings { get; init; }

    /// <summary>Every version, newest first; only where one plan is shown.</summary>
    public IReadOnlyList<PlanVersionView>? Versions { get; init; }

    public static PlanView Of(Plan plan) => new()
    {
        Name = plan.Name,
        Version = plan.Version,
        Tiers = plan.Tiers,
        DefaultTier = plan.DefaultTier,
        Limits = plan.Limits,
        GraceDays = plan.GraceDays,
        Features = plan.Features,
        Settings = plan.Settings.ToDictionary(s => s.Key, s => PlanSettingView.Of(s.Value)),
    };
}

/// <summary>A setting of a plan.</summary>
public sealed record PlanSettingView
{
    /// <summary>Absent when it is generated or sealed.</summary>
    public JsonElement? Default { get; init; }

    /// <summary>Whether a random value is generated for each tenant.</summary>
    public required bool Generated { get; init; }

    /// <summary>Whether the value is stored encrypted. Such a setting cannot be given in a request and is never shown.</summary>
    public required bool Sealed { get; init; }

    /// <summary>The smallest number that a tenant may set; absent when the setting is no number.</summary>
    public decimal? Minimum { get; init; }

    /// <summary>The largest number that a tenant may set; absent when the setting is no number.</summary>
    public decimal? Maximum { get; init; }

    /// <summary>The JSON schema of its values; absent when it is generated or sealed.</summary>
    public JsonElement? Schema { get; init; }

    internal static PlanSettingView Of(PlanSetting setting)
    {
        var isNumber = setting is { Sealed: false, Value.ValueKind: JsonValueKind.Number };
        return new()
        {
            Default = setting.Sealed ? null : setting.Value,
            Generated = setting.Generate,
            Sealed = setting.Sealed,
            Minimum = isNumber ? setting.Minimum ?? 0 : null,
            Maximum = isNumber ? setting.Maximum ?? PlanSetting.DefaultMaximum : null,
            Schema = SettingValue.SchemaOf(setting),
        };
    }
}

/// <summary>A version of a plan.</summary>
/// <param name="Version">1 for the first.</param>
/// <param name="Note">Why it was written.</param>
/// <param name="CreatedBy">Who wrote it; <c>system</c> for what is shipped.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="Tenants">How many live tenants run on it.</param>
public sealed record PlanVersionView(int Version, string? Note, string CreatedBy, DateTimeOffset CreatedAt, long Tenants);
