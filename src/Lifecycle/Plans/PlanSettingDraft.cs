using System.ComponentModel;
using System.Text.Json;

namespace Saga.Lifecycle.Plans;

/// <summary>A setting of a <see cref="PlanDraft"/>.</summary>
public sealed record PlanSettingDraft
{
    [Description("The default; its type is the setting's. Absent for a generated or sealed setting.")]
    public JsonElement? Default { get; init; }

    [Description("Whether a random value is generated for each tenant.")]
    public bool? Generated { get; init; }

    [Description("Whether values are stored encrypted. Needs generated.")]
    public bool? Sealed { get; init; }

    [Description("The smallest number that a tenant may set.")]
    public decimal? Minimum { get; init; }

    [Description("The largest number that a tenant may set.")]
    public decimal? Maximum { get; init; }

    [Description("A JSON schema for values that are no numbers.")]
    public JsonElement? Schema { get; init; }
}
