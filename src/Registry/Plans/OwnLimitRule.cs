using System.Text.Json.Serialization;

namespace Saga.Registry.Plans;

/// <summary>How a tenant's own limits compare with its plan's.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OwnLimitRule>))]
public enum OwnLimitRule
{
    /// <summary>A tenant may have less than the plan allows.</summary>
    [JsonStringEnumMemberName("atMost")] AtMost,

    /// <summary>The plan's limits are where its tenants begin.</summary>
    [JsonStringEnumMemberName("atLeast")] AtLeast,
}
