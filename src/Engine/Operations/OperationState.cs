using System.Text.Json.Serialization;

namespace Saga.Engine.Operations;

[JsonConverter(typeof(JsonStringEnumConverter<OperationState>))]
public enum OperationState
{
    /// <summary>Durable, not begun.</summary>
    [JsonStringEnumMemberName("accepted")] Accepted,

    [JsonStringEnumMemberName("running")] Running,

    /// <summary>Turned round: what was done is being undone.</summary>
    [JsonStringEnumMemberName("compensating")] Compensating,

    /// <summary>Waits for an operator.</summary>
    [JsonStringEnumMemberName("stalled")] Stalled,

    [JsonStringEnumMemberName("completed")] Completed,

    /// <summary>Failed, and everything was undone.</summary>
    [JsonStringEnumMemberName("compensated")] Compensated,

    /// <summary>Ended by an operator before anything was done.</summary>
    [JsonStringEnumMemberName("cancelled")] Cancelled,
}
