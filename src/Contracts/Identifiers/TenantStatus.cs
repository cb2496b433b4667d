using System.Text.Json.Serialization;

namespace Saga.Contracts.Identifiers;

[JsonConverter(typeof(JsonStringEnumConverter<TenantStatus>))]
public enum TenantStatus
{
    /// <summary>Reserved; being set up.</summary>
    [JsonStringEnumMemberName("provisioning")] Provisioning,

    [JsonStringEnumMemberName("active")] Active,

    /// <summary>Active, with a hold that closes it. Shown and asked for; what is stored is the status beside the holds.</summary>
    [JsonStringEnumMemberName("suspended")] Suspended,

    /// <summary>Its provisioning was undone; slug and domain are free again.</summary>
    [JsonStringEnumMemberName("failed")] Failed,

    /// <summary>Gone, and its absence was verified; slug and domain are free again.</summary>
    [JsonStringEnumMemberName("deprovisioned")] Deprovisioned,
}
