using System.Text.Json.Serialization;

namespace Saga.Contracts.Identifiers;

/// <summary>The reason for a hold on a tenant. A tenant has at most one hold per code. Lifting one leaves the others.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HoldCode>))]
public enum HoldCode
{
    [JsonStringEnumMemberName("nonPayment")] NonPayment,

    [JsonStringEnumMemberName("abuse")] Abuse,

    /// <summary>The customer asked for it.</summary>
    [JsonStringEnumMemberName("request")] Request,

    [JsonStringEnumMemberName("maintenance")] Maintenance,

    [JsonStringEnumMemberName("limitExceeded")] LimitExceeded,

    [JsonStringEnumMemberName("other")] Other,

    /// <summary>The tenant is going to be deprovisioned.</summary>
    [JsonStringEnumMemberName("deletion")] Deletion,

    /// <summary>Its data is being moved.</summary>
    [JsonStringEnumMemberName("move")] Move,

    /// <summary>Its data is being restored.</summary>
    [JsonStringEnumMemberName("restore")] Restore,
}
