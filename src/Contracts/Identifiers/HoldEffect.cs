using System.Text.Json.Serialization;

namespace Saga.Contracts.Identifiers;

/// <summary>What a hold keeps a tenant from.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HoldEffect>))]
public enum HoldEffect
{
    /// <summary>Nobody gets in.</summary>
    [JsonStringEnumMemberName("closed")] Closed,

    /// <summary>What is there may be used; nothing may be added.</summary>
    [JsonStringEnumMemberName("noGrowth")] NoGrowth,

    /// <summary>Nothing may be written for now.</summary>
    [JsonStringEnumMemberName("readOnly")] ReadOnly,

    /// <summary>Its data cannot be reached for now.</summary>
    [JsonStringEnumMemberName("away")] Away,
}
