using System.Text.Json;
using Saga.Api.Failures;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Registry.Operations;

namespace Saga.Api.Operations;

/// <summary>One attempt of a step or of its compensation.</summary>
public sealed record AttemptView
{
    public required int Number { get; init; }

    /// <summary><c>forward</c>, or <c>back</c> for the compensation.</summary>
    public required string Direction { get; init; }

    /// <summary>When it was dispatched; when it was deferred, for the last time.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>How long the step waited for it: since the attempt before, or while it was deferred.</summary>
    public double? WaitedMs { get; init; }

    /// <summary>Absent while it runs or is deferred.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    public double? DurationMs { get; init; }

    /// <summary>succeeded, failed, timedOut, deferred, or abandoned because the operation began to compensate. Absent while it runs.</summary>
    public string? Result { get; init; }

    public FailureView? Failure { get; init; }

    /// <summary>When the next attempt was due; absent when there was none.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>Absent unless it was deferred.</summary>
    public DeferralView? Deferred { get; init; }

    /// <summary>The attempts that a history tells of, by step, oldest first.</summary>
    internal static IReadOnlyDictionary<string, IReadOnlyList<AttemptView>> Of(IEnumerable<HistoryLine> history, FailureHelp help)
    {
        var found = new Dictionary<string, List<AttemptView>>(StringComparer.Ordinal);
        foreach (var line in history)
        {
            if (line.Step is not { } step)
                continue;
            if (!found.TryGetValue(step, out var attempts))
                found[step] = attempts = [];
            Add(attempts, line, help);
        }

        return found.ToDictionary(f => f.Key, f => (IReadOnlyList<AttemptView>)f.Value, StringComparer.Ordinal);
    }

    private static void Add(List<AttemptView> attempts, HistoryLine line, FailureHelp help)
    {
        var name = HistoryEvents.Current(line.Event);
        if (name is HistoryEvents.StepDispatched or HistoryEvents.CompensationDispatched)
        {
            Begin(attempts, line, name == HistoryEvents.StepDispatched ? "forward" : "back");
            return;
        }

        // Without a dispatch it is no attempt: a step that waits, or one whose first lines are pruned.
        if (attempts is not [.., { EndedAt: null } open])
            return;
        var ended = name switch
        {
            HistoryEvents.StepSucceeded or HistoryEvents.StepCompensated => End(open, line, "succeeded"),
            HistoryEvents.StepFailed or HistoryEvents.CompensationFailed => Failed(open, line, "failed", help),
            HistoryEvents.StepTimedOut or HistoryEvents.CompensationTimedOut => Failed(open, line, "timedOut", help),
            HistoryEvents.CompensationAgain => End(open, line, "succeeded") with { RetryAt = Time(line, "at") },
            HistoryEvents.StepDeferred or HistoryEvents.CompensationDeferred => open with
            {
                // One that was dispatched again since then is at work.
                Result = Time(line, "lastAt") is { } last && open.StartedAt > last ? null : "deferred",
                Deferred = DeferralView.Of(line),
            },
            _ => null,
        };
        if (ended is not null)
            attempts[^1] = ended;
    }

    private static void Begin(List<AttemptView> attempts, HistoryLine line, string direction)
    {
        if (attempts is [.., { EndedAt: null } open])
            attempts[^1] = End(open, line, "abandoned");
        // Deferred attempts are dispatched again on the same line.
        var started = Time(line, "lastAt") ?? line.At;
        var before = attempts is [.., { EndedAt: { } ended } last] && last.Direction == direction ? ended : line.At;
        attempts.Add(new() { Number = line.Attempt ?? 1, Direction = direction, StartedAt = started, WaitedMs = started > before ? (started - before).TotalMilliseconds : null });
    }

    private static AttemptView Failed(AttemptView open, HistoryLine line, string result, FailureHelp help) => End(open, line, result) with
    {
        Failure = line.Data?.TryGetProperty("failure", out var failure) == true ? FailureView.Of(failure.Deserialize<Failure>(Json.Options), help) : null,
        RetryAt = Time(line, "retryAt"),
    };

    private static AttemptView End(AttemptView open, HistoryLine line, string result) =>
        open with { Result = result, EndedAt = line.At, DurationMs = Math.Max(0, (line.At - open.StartedAt).TotalMilliseconds) };

    internal static DateTimeOffset? Time(HistoryLine line, string name) =>
        line.Data is { ValueKind: JsonValueKind.Object } data && data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.TryGetDateTimeOffset(out var time) ? time : null;
}

/// <summary>How an attempt was deferred, which cost no attempt.</summary>
public sealed record DeferralView
{
    /// <summary>What it waits or waited for: an external system, <c>lease</c>, <c>worker</c> or <c>registry</c>.</summary>
    public required string System { get; init; }

    public required string Reason { get; init; }

    public required int Times { get; init; }

    public DateTimeOffset? Since { get; init; }

    internal static DeferralView? Of(HistoryLine line) => line.Data is { ValueKind: JsonValueKind.Object } data ? new()
    {
        System = data.TryGetProperty("system", out var system) ? system.GetString() ?? "" : "",
        Reason = data.TryGetProperty("reason", out var reason) ? reason.GetString() ?? "" : "",
        Times = data.TryGetProperty("times", out var times) && times.TryGetInt32(out var number) ? number : 1,
        Since = AttemptView.Time(line, "since"),
    } : null;
}
