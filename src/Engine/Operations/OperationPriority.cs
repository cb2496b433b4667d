using System.Text.Json.Serialization;

namespace Saga.Engine.Operations;

/// <summary>The class in which an operation waits for its turn.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OperationPriority>))]
public enum OperationPriority
{
    /// <summary>Somebody waits for it.</summary>
    [JsonStringEnumMemberName("interactive")] Interactive,

    /// <summary>It was due at a time.</summary>
    [JsonStringEnumMemberName("scheduled")] Scheduled,

    /// <summary>One of many that one order began.</summary>
    [JsonStringEnumMemberName("batch")] Batch,
}
