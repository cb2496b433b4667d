using System.Text.Json.Serialization;

namespace Saga.Contracts.Identifiers;

[JsonConverter(typeof(JsonStringEnumConverter<TenantStatus>))]
public enum TenantStatus
{
    /// <summary>Reserved and being set up.</summary>
    [JsonStringEnumMemberName("provisioning")] Provisioning,

    [JsonStringEnumMemberName("active")] Active,

    /// <summary>Active with a closing hold. This status is shown and can be filtered by, but it is not stored: it follows from the status and the holds.</summary>
    [JsonStringEnumMemberName("suspended")] Suspended,

    /// <summary>Provisioning was undone. Slug and domain are free again.</summary>
    [JsonStringEnumMemberName("failed")] Failed,

    /// <summary>Removed, and its absence was verified. Slug, subdomain and domain stay reserved for a while.</summary>
    [JsonStringEnumMemberName("deprovisioned")] Deprovisioned,
}
