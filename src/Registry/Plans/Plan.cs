using System.Text.Json;
using System.Text.Json.Serialization;
using Saga.Contracts.Identifiers;

namespace Saga.Registry.Plans;

/// <summary>What a tenant of this version of a plan may use, and its default configuration. A version never changes.</summary>
public sealed record Plan
{
    public required string Name { get; init; }

    /// <summary>1 for the first.</summary>
    [JsonIgnore]
    public int Version { get; init; } = 1;

    /// <summary>The isolation tiers the plan allows.</summary>
    public required IReadOnlyList<IsolationTier> Tiers { get; init; }

    public required IsolationTier DefaultTier { get; init; }

    public required PlanLimits Limits { get; init; }

    /// <summary>How many days pass between a deprovisioning and the removal, unless the command says otherwise.</summary>
    public int GraceDays { get; init; } = UsualGraceDays;

    /// <summary>The grace period of plans that name none.</summary>
    public const int UsualGraceDays = 30;

    /// <summary>Features, and whether they are on by default.</summary>
    public required IReadOnlyDictionary<string, bool> Features { get; init; }

    /// <summary>Default configuration; a tenant's own settings must be among these keys.</summary>
    public required IReadOnlyDictionary<string, PlanSetting> Settings { get; init; }
}
