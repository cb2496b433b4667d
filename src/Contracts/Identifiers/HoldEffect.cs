using System.Text.Json.Serialization;

namespace Saga.Contracts.Identifiers;

/// <summary>What a hold prevents.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HoldEffect>))]
public enum HoldEffect
{
    /// <summary>Nobody has access.</summary>
    [JsonStringEnumMemberName("closed")] Closed,

    /// <summary>Existing data may be used, but nothing may be added.</summary>
    [JsonStringEnumMemberName("noGrowth")] NoGrowth,

    /// <summary>Nothing may be written for now.</summary>
    [JsonStringEnumMemberName("readOnly")] ReadOnly,

    /// <summary>Its data cannot be reached for now.</summary>
    [JsonStringEnumMemberName("away")] Away,
}
