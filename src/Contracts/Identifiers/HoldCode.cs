using System.Text.Json.Serialization;

namespace Saga.Contracts.Identifiers;

/// <summary>Why a tenant is held. A tenant has at most one hold of each; lifting one leaves the others.</summary>
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

    /// <summary>It is to be deprovisioned.</summary>
    [JsonStringEnumMemberName("deletion")] Deletion,

    /// <summary>Its data is being moved.</summary>
    [JsonStringEnumMemberName("move")] Move,

    /// <summary>Its data is being restored.</summary>
    [JsonStringEnumMemberName("restore")] Restore,
}
