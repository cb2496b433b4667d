using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Registry.Operations;
using HistoryLine = Saga.Registry.Operations.HistoryLine;

namespace Saga.Api.Operations;

/// <summary>What an operation waits for now, and what comes next.</summary>
public sealed record PendingView
{
    /// <summary>
    /// <c>scope</c> (another operation has it), <c>slot</c> (of the installation), <c>worker</c> (to take the step), <c>result</c> (of the
    /// attempt), <c>retry</c> (the next attempt), <c>system</c> (its circuit is open, or it is overloaded), <c>lease</c> (an older attempt
    /// has it), <c>registry</c>, <c>time</c>, <c>approval</c>, <c>signal</c> or <c>operator</c>.
    /// </summary>
    public required string For { get; init; }

    /// <summary>The step; absent when the whole operation waits.</summary>
    public string? Step { get; init; }

    /// <summary>The external system, such as <c>keycloak</c>.</summary>
    public string? System { get; init; }

    public DateTimeOffset? Since { get; init; }

    /// <summary>When it goes on by itself, or is looked at again; absent when something else must happen first.</summary>
    public DateTimeOffset? NextAt { get; init; }

    /// <summary>Until when this may last: then the attempt, the step or the wait is given up. Absent without a limit.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>When the worker counts as lost unless it renews the step's lease; absent when nobody holds it.</summary>
    public DateTimeOffset? LeaseUntil { get; init; }

    /// <summary>What the operation waits for, what comes first before the others.</summary>
    internal static IReadOnlyList<PendingView> Of(Operation operation, IReadOnlyList<HistoryLine> history)
    {
        var found = new List<PendingView>();
        if (operation.State is not { } state || state.HasEnded())
            return found;
        if (operation.Awaits is { } scope)
            found.Add(new() { For = "scope", Since = scope.Since, Until = scope.ExpiresAt });
        else if (operation.Slot == SlotState.Queued)
            found.Add(new() { For = "slot", Since = operation.SlotSince });
        if (state == OperationState.Stalled)
            found.Add(new() { For = "operator", Since = history.LastOrDefault(l => l.Event == HistoryEvents.Stalled)?.At });
        found.AddRange(operation.Workflow.Steps.Zip(operation.Steps, (definition, run) => IsMoving(operation, state, run) ? Of(definition, run) : null).OfType<PendingView>());
        return [.. found.OrderBy(p => p.NextAt ?? p.Until ?? DateTimeOffset.MaxValue)];
    }

    /// <summary>The steps that begin when those in motion have succeeded.</summary>
    internal static IReadOnlyList<string> Following(Operation operation)
    {
        if (operation.State is not (OperationState.Running or OperationState.Accepted))
            return [];
        var runs = operation.Steps.ToDictionary(s => s.Name, StringComparer.Ordinal);
        return
        [
            .. operation.Workflow.Steps
                .Where(s => runs[s.Name].Status == StepStatus.Pending && s.After.All(a => runs[a].Status.IsInMotion || runs[a].Status.Phase is not (StepPhase.Pending or StepPhase.Failed or StepPhase.Skipped)))
                .Select(s => s.Name),
        ];
    }

    private static bool IsMoving(Operation operation, OperationState state, StepRun run) =>
        run.Status.IsInMotion && !operation.UnknownStatuses.ContainsKey(run.Name) && (state.Direction() is not { } direction || run.Status.Direction == direction);

    private static PendingView Of(StepDefinition definition, StepRun run) => run.Status.Phase switch
    {
        StepPhase.Dispatched when run.TakenAt is { } taken => new()
        {
            For = "result", Step = run.Name, Since = taken, Until = DispatchCheck.EndOf(run, definition, taken), LeaseUntil = run.LostAt,
        },
        StepPhase.Dispatched => new() { For = "worker", Step = run.Name, Since = run.DispatchedAt, NextAt = run.DueAt },
        StepPhase.Waiting => new() { For = "retry", Step = run.Name, System = run.Failure?.System, NextAt = run.DueAt, Until = run.Deadline },
        StepPhase.Deferred => new()
        {
            For = run.DeferredBy is "lease" or "worker" or "registry" ? run.DeferredBy : "system",
            Step = run.Name,
            System = run.DeferredBy is "lease" or "worker" or "registry" ? null : run.DeferredBy,
            Since = run.DeferredSince,
            NextAt = run.DueAt,
            Until = run.Status.IsBack ? null : run.DeferredSince + definition.DeferredAtMost,
        },
        _ => new()
        {
            For = definition.Wait?.For.ToString().ToLowerInvariant() ?? "time",
            Step = run.Name,
            Since = run.StartedAt,
            NextAt = run.Answer is not null || definition.Wait?.For == Engine.Waits.WaitKind.Time ? run.DueAt : null,
            Until = run.Answer is null ? run.DueAt : null,
        },
    };
}
