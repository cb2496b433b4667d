using System.Text.Json.Serialization;

namespace Saga.Engine.Waits;

/// <summary>What a step waits for that no worker runs.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WaitKind>))]
public enum WaitKind
{
    /// <summary>Until a time.</summary>
    [JsonStringEnumMemberName("time")] Time,

    /// <summary>Until a person approves or rejects.</summary>
    [JsonStringEnumMemberName("approval")] Approval,

    /// <summary>Until a signal comes. One that comes before the step begins is kept.</summary>
    [JsonStringEnumMemberName("signal")] Signal,
}
