using System.Text.Json;
using System.Text.Json.Serialization;

namespace Saga.Contracts.Commands;

/// <summary>Where a replay leads.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReplayMode>))]
public enum ReplayMode
{
    /// <summary>Runs the steps that failed, and what comes after them.</summary>
    [JsonStringEnumMemberName("forward")] Forward,

    /// <summary>Undoes the whole operation, or goes on undoing it.</summary>
    [JsonStringEnumMemberName("compensate")] Compensate,

    /// <summary>Ends the operation in the direction in which it stalled: <see cref="ReplayOrder.States"/> says what is there, and nothing outside is made or undone any more.</summary>
    [JsonStringEnumMemberName("forceComplete")] ForceComplete,
}

/// <summary>What an operator says about the effect of a step.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StatedEffect>))]
public enum StatedEffect
{
    /// <summary>It is there.</summary>
    [JsonStringEnumMemberName("done")] Done,

    /// <summary>It is not there.</summary>
    [JsonStringEnumMemberName("absent")] Absent,
}

/// <summary>What a stalled operation shall do.</summary>
public sealed record ReplayOrder
{
    /// <summary>Null to go on in the direction in which the operation stalled.</summary>
    public ReplayMode? Mode { get; init; }

    /// <summary>
    /// A step that runs again although it is done, with everything that comes after it; while the operation is undone, with everything
    /// that it came after. Null to run only what is not done.
    /// </summary>
    public string? From { get; init; }

    /// <summary>Steps that do not run. While the operation is undone: steps that are not undone.</summary>
    public IReadOnlyList<SkippedStep> Skip { get; init; } = [];

    /// <summary>In the mode <see cref="ReplayMode.ForceComplete"/>: what is there of every open step. Null in the other modes.</summary>
    public IReadOnlyDictionary<string, StatedEffect>? States { get; init; }
}

/// <summary>A step that an operator skips.</summary>
public sealed record SkippedStep
{
    public required string Step { get; init; }

    /// <summary>1 to 500 characters; it is shown in the operation's history and in the audit log.</summary>
    public required string Reason { get; init; }

    /// <summary>What the step would have returned, as a JSON object, for the steps that read it. Never a secret.</summary>
    public JsonElement? Output { get; init; }
}
