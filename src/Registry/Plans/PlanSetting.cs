using System.Text.Json;
using System.Text.Json.Serialization;

namespace Saga.Registry.Plans;

/// <summary>A setting of a plan.</summary>
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

    /// <summary>The JSON schema of a value that is no number; null when only its type counts.</summary>
    public JsonElement? Schema { get; init; }

    /// <summary>Whether a random value is generated for each tenant.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Generate { get; init; }

    /// <summary>Whether the value is stored sealed with the tenant's key.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Sealed { get; init; }
}
