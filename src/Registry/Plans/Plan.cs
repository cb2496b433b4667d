using System.Text.Json;
using Saga.Contracts.Identifiers;

namespace Saga.Registry.Plans;

/// <summary>What a tenant of this plan may use, and its default configuration.</summary>
public sealed record Plan
{
    public required string Name { get; init; }

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

public sealed record PlanLimits
{
    public required int Users { get; init; }

    public required long StorageMegabytes { get; init; }

    public required int RequestsPerMinute { get; init; }

    /// <summary>The connection limit of the tenant's database role.</summary>
    public required int DatabaseConnections { get; init; }
}

public sealed record PlanSetting
{
    /// <summary>Fits a 32-bit integer, which readers of a setting may use.</summary>
    public const int DefaultMaximum = int.MaxValue;

    /// <summary>The default; absent when it is generated.</summary>
    public JsonElement? Value { get; init; }

    /// <summary>The smallest number that a tenant may set; 0 when absent.</summary>
    public decimal? Minimum { get; init; }

    /// <summary>The largest number that a tenant may set; <see cref="DefaultMaximum"/> when absent.</summary>
    public decimal? Maximum { get; init; }

    /// <summary>Whether a random value is generated for each tenant.</summary>
    public bool Generate { get; init; }

    /// <summary>Whether the value is stored sealed with the tenant's key.</summary>
    public bool Sealed { get; init; }
}
