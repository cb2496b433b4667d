using System.Text.Json;
using Saga.Engine.Operations;
using Saga.Registry.Operations;

namespace Saga.Api.Operations;

/// <summary>What somebody did to an operation.</summary>
public sealed record ActionView
{
    public required DateTimeOffset At { get; init; }

    /// <summary>Who, as in the audit log.</summary>
    public required string By { get; init; }

    /// <summary>The history's event, such as accepted, cancelRequested or waitAnswered.</summary>
    public required string Event { get; init; }

    /// <summary>Of a wait: approved, rejected, signalled or ended.</summary>
    public string? Answer { get; init; }

    public string? Step { get; init; }

    public string? Reason { get; init; }

    /// <summary>Of a note.</summary>
    public string? Text { get; init; }

    /// <summary>Everything that a person or a caller did, oldest first.</summary>
    internal static IReadOnlyList<ActionView> Of(Operation operation, IEnumerable<HistoryLine> history) =>
    [
        new() { At = operation.CreatedAt, By = operation.RequestedBy, Event = HistoryEvents.Accepted },
        .. history.Select(Of).OfType<ActionView>(),
    ];

    // Every line about somebody's action says who it was.
    private static ActionView? Of(HistoryLine line) => line.Data is { ValueKind: JsonValueKind.Object } data && (TextOf(data, "actor") ?? TextOf(data, "by")) is { } by
        ? new() { At = line.At, By = by, Event = HistoryEvents.Current(line.Event), Answer = TextOf(data, "answer"), Step = line.Step, Reason = TextOf(data, "reason"), Text = TextOf(data, "text") }
        : null;

    private static string? TextOf(JsonElement data, string name) => data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
