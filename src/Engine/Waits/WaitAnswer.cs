using System.Text.Json;
using System.Text.Json.Serialization;

namespace Saga.Engine.Waits;

/// <summary>What ended a wait, or will end it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WaitAnswerKind>))]
public enum WaitAnswerKind
{
    [JsonStringEnumMemberName("approved")] Approved,

    /// <summary>The step fails permanently.</summary>
    [JsonStringEnumMemberName("rejected")] Rejected,

    [JsonStringEnumMemberName("signalled")] Signalled,

    /// <summary>An operator ended the wait early.</summary>
    [JsonStringEnumMemberName("ended")] Ended,
}

/// <summary>An answer to a step that waits, stored with the step. It takes effect when the operation is woken next.</summary>
public sealed record WaitAnswer
{
    public required WaitAnswerKind Kind { get; init; }

    /// <summary>Who gave it.</summary>
    public required string By { get; init; }

    public string? Reason { get; init; }

    /// <summary>The data of a signal. Never a secret.</summary>
    public JsonElement? Data { get; init; }

    /// <summary>When it was given, by the registry's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Whether it is the same answer by the same caller, as after a retry.</summary>
    public bool Repeats(WaitAnswer other) =>
        Kind == other.Kind && By == other.By && Reason == other.Reason
        && (Data is { } data ? other.Data is { } theirs && JsonElement.DeepEquals(data, theirs) : other.Data is null);
}
