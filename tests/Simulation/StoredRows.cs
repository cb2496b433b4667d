using System.Globalization;
using System.Text.Json;
using Saga.Contracts;
using Saga.Engine.Operations;
using Saga.Registry.Batches;
using Saga.Registry.Transitions;
using Saga.Tests.Support.InMemory;

namespace Saga.Tests.Simulation;

/// <summary>A row of <c>operations</c>, with the history as <c>event:step</c>.</summary>
internal sealed record StoredOperationRow(Guid Id, StoredOperation Stored, bool SlotReturns, DateTimeOffset SlotSince, IReadOnlyList<string> History);

/// <summary>A row of <c>operation_steps</c>: the step as stored, and its lease.</summary>
internal sealed record StoredStepRow(Guid Operation, StepRun Step)
{
    public required bool Settled { get; init; }

    public required Guid? Holder { get; init; }

    public required long? HeldFence { get; init; }

    public required DateTimeOffset? ExpiresAt { get; init; }

    public required DateTimeOffset? LostAt { get; init; }

    public required DateTimeOffset? AttemptEndsAt { get; init; }

    public required DateTimeOffset? WatchedUntil { get; init; }

    /// <summary>All downtime when the step's times were written.</summary>
    public required TimeSpan Idle { get; init; }
}

/// <summary>A row of <c>batches</c>, with its items.</summary>
internal sealed record StoredBatchRow(Batch Batch, bool Closed, DateTimeOffset? NextItemAt, DateTimeOffset? ClaimedUntil)
{
    public required IReadOnlyList<StoredItemRow> Items { get; init; }
}

/// <summary>A row of <c>batch_items</c>.</summary>
/// <param name="Item">The item.</param>
/// <param name="ExpectsUndone">Whether its operation ends undone if it succeeds.</param>
/// <param name="IsOrdered">Whether it is an order whose history line is known.</param>
internal sealed record StoredItemRow(BatchItem Item, bool ExpectsUndone, bool IsOrdered);

/// <summary>A row of <c>outbox</c>.</summary>
/// <param name="ClaimedUntil">When its claim ends; null when it has none.</param>
internal sealed record StoredMessageRow(Guid Id, string Type, string? Queue, string Body, DateTimeOffset? ClaimedUntil);

/// <summary>Everything that the engine has written.</summary>
internal sealed record StoredRows
{
    public required IReadOnlyList<StoredOperationRow> Operations { get; init; }

    public required IReadOnlyList<StoredStepRow> Steps { get; init; }

    public required IReadOnlyDictionary<string, Guid> Scopes { get; init; }

    public required IReadOnlyList<WaitRow> ScopeQueue { get; init; }

    public required IReadOnlyList<StoredMessageRow> Messages { get; init; }

    public required IReadOnlyList<StoredBatchRow> Batches { get; init; }

    /// <summary>The last beat, and all downtime.</summary>
    public required (DateTimeOffset? At, TimeSpan Idle) Beat { get; init; }

    /// <summary>One line for each row, by its key.</summary>
    public SortedDictionary<string, string> Describe(Func<Guid, string> name)
    {
        var lines = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["beat"] = $"{Time(Beat.At)}, downtime {Beat.Idle}" };
        foreach (var row in Operations)
        {
            var stored = row.Stored;
            lines[name(row.Id)] =
                $"{stored.State}, slot {stored.Slot} since {Time(row.SlotSince)}{(row.SlotReturns ? " again" : "")}, due {Time(stored.DueAt)}, failure {Text(stored.Failure)}, cancellation {Text(stored.Cancellation)}, history {string.Join(" ", row.History)}";
        }

        foreach (var row in Steps)
            lines[$"{name(row.Operation)} {row.Step.Name}"] = Describe(row);
        foreach (var (scope, holder) in Scopes)
            lines[$"scope {scope}"] = name(holder);
        for (var i = 0; i < ScopeQueue.Count; i++)
        {
            var wait = ScopeQueue[i];
            lines[string.Create(CultureInfo.InvariantCulture, $"wait {i:00}")] =
                $"{name(wait.Operation)} since {Time(wait.Since)} until {Time(wait.ExpiresAt)}{(wait.NeedsSlot ? ", needs a slot" : "")}{(wait.Refusing ? ", being refused" : "")}: {string.Join(" ", wait.Scopes)}";
        }

        foreach (var row in Messages)
            lines[$"message {row.Id}"] = $"{row.Type} to {row.Queue ?? "subscribers"}, claimed until {Time(row.ClaimedUntil)}: {row.Body}";
        foreach (var row in Batches)
        {
            var batch = row.Batch;
            lines[$"batch {batch.Id}"] =
                $"{batch.Kind}, {batch.State}, wave {batch.Wave} of {batch.WaveSize}, for {(batch.OperationId is { } operation ? name(operation) : "nothing")}, paused: {batch.PauseReason}, ended {Time(batch.EndedAt)} by {batch.EndedBy}: {batch.EndReason}, "
                + $"next item {Time(row.NextItemAt)}, claimed until {Time(row.ClaimedUntil)}{(row.Closed ? ", closed" : "")}, {string.Join(", ", batch.Counts.OrderBy(c => c.Key).Select(c => $"{c.Value} {c.Key}"))}";
            foreach (var (item, undone, ordered) in row.Items)
            {
                lines[string.Create(CultureInfo.InvariantCulture, $"batch {batch.Id} item {item.Number:00}")] =
                    $"{item.State} in wave {item.Wave}, {name(item.Subject)} by {(item.OperationId is { } by ? name(by) : "nobody")}, expects {(undone ? "undone" : "completed")}{(ordered ? ", ordered" : "")}, begun {Time(item.BegunAt)}, ended {Time(item.EndedAt)}, failure {Text(item.Failure)}";
            }
        }

        return lines;
    }

    private static string Describe(StoredStepRow row)
    {
        var step = row.Step;
        return $"{step.Status}, fence {step.Fence}, attempt {step.Attempt}, started {Time(step.StartedAt)}, dispatched {Time(step.DispatchedAt)} {step.Deliveries} times, taken {Time(step.TakenAt)}, "
            + $"due {Time(step.DueAt)}, deadline {Time(step.Deadline)}, finished {Time(step.FinishedAt)}, uncertain {Time(step.UncertainAt)}, lost {step.LostInARow} times, "
            + $"deferred by {step.DeferredBy ?? "nobody"} {step.DeferredTimes} times since {Time(step.DeferredSince)}, report until {Time(step.ReportUntil)}, progressed {Time(step.ProgressedAt)}, "
            + $"failure {Text(step.Failure)}, output {Text(step.Output)}, answer {Text(step.Answer)}, {(row.Settled ? "settled, " : "")}holder {row.Holder} under {row.HeldFence} until {Time(row.ExpiresAt)}, "
            + $"lost {Time(row.LostAt)}, attempt ends {Time(row.AttemptEndsAt)}, watched until {Time(row.WatchedUntil)}, downtime {row.Idle}";
    }

    private static string Time(DateTimeOffset? time) => time is { } at ? (at - SimulatedTime.Start).TotalSeconds.ToString("0.0000000", CultureInfo.InvariantCulture) : "never";

    private static string Text<T>(T? value) => value is null ? "none" : Ordered(JsonSerializer.SerializeToElement(value, Json.Options));

    // PostgreSQL orders the names.
    private static string Ordered(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => $"{{{string.Join(", ", value.EnumerateObject().OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => $"{p.Name}: {Ordered(p.Value)}"))}}}",
        JsonValueKind.Array => $"[{string.Join(", ", value.EnumerateArray().Select(Ordered))}]",
        _ => value.GetRawText(),
    };
}
