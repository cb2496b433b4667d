using System.Text.Json.Serialization;

namespace Saga.Contracts.Identifiers;

/// <summary>Where a tenant's rows live.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<IsolationTier>))]
public enum IsolationTier
{
    /// <summary>Shared tables, isolated by row-level security.</summary>
    [JsonStringEnumMemberName("row")] Row,

    /// <summary>A schema of its own in a shared database.</summary>
    [JsonStringEnumMemberName("schema")] Schema,

    /// <summary>A database of its own.</summary>
    [JsonStringEnumMemberName("database")] Database,
}
