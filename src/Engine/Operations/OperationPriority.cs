using System.Text.Json.Serialization;

namespace Saga.Engine.Operations;

/// <summary>The class in which an operation waits for a slot.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OperationPriority>))]
public enum OperationPriority
{
    /// <summary>Somebody is waiting for it.</summary>
    [JsonStringEnumMemberName("interactive")] Interactive,

    /// <summary>It was scheduled for a time.</summary>
    [JsonStringEnumMemberName("scheduled")] Scheduled,

    /// <summary>One of many operations started by one order.</summary>
    [JsonStringEnumMemberName("batch")] Batch,
}
