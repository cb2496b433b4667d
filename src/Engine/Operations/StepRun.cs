using Saga.Contracts.Steps;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;
using System.Text.Json;

namespace Saga.Engine.Operations;

/// <summary>The state of one step of one operation.</summary>
public sealed record StepRun
{
    public required string Name { get; init; }

    public StepStatus Status { get; init; }

    /// <summary>The fencing token of the newest dispatch; 0 before the first. Grows in both directions.</summary>
    public long Fence { get; init; }

    /// <summary>Attempts in the current direction.</summary>
    public int Attempt { get; init; }

    /// <summary>The first dispatch in the current direction.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When the newest dispatch was first sent.</summary>
    public DateTimeOffset? DispatchedAt { get; init; }

    /// <summary>How often the newest dispatch was sent; more than once if no worker took it.</summary>
    public int Deliveries { get; init; }

    /// <summary>When a worker took the lease of the newest dispatch, which starts the attempt. Null if it has not started. Written by the worker.</summary>
    public DateTimeOffset? TakenAt { get; init; }

    /// <summary>
    /// When the holder of the newest dispatch's lease counts as lost, unless it renews the lease. Null when nobody holds it. Written by
    /// workers.
    /// </summary>
    public DateTimeOffset? LostAt { get; init; }

    /// <summary>Whether the sweeper wakes the operation at <see cref="LostAt"/>, which it does from the first renewal of the lease on.</summary>
    public bool Watched { get; init; }

    /// <summary>
    /// Until when the attempt's report is awaited, even if the attempt's time is over: the work is done, and the broker does not accept
    /// the report yet. Null if the report never had to wait. Written by workers.
    /// </summary>
    public DateTimeOffset? ReportUntil { get; init; }

    /// <summary>When the newest dispatch last reported progress; null when it has not. Written by workers.</summary>
    public DateTimeOffset? ProgressedAt { get; init; }

    /// <summary>How far the newest dispatch has come. For callers: transitions neither read nor write it.</summary>
    public StepProgress? Progress { get; init; }

    /// <summary>Attempts in a row that ended with the loss of their worker.</summary>
    public int LostInARow { get; init; }

    /// <summary>For a dispatched step: when to check whether it was taken, and later whether its time is over. For a waiting or deferred step: when the next attempt is dispatched. For an awaiting step: when its wait ends; null without a limit.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>When the current direction is given up. Time while the step is deferred or in a queue, and time in which the engine did not run, extend it.</summary>
    public DateTimeOffset? Deadline { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The last failure in the current direction, or the one that ended the forward direction.</summary>
    public Failure? Failure { get; init; }

    /// <summary>The external system that the deferred step waits for.</summary>
    public string? DeferredBy { get; init; }

    /// <summary>
    /// Until when a forward attempt with an unknown outcome may have run. Its effects in an external system may appear after that. In the
    /// future while it may still run. Null if there was no such attempt.
    /// </summary>
    public DateTimeOffset? UncertainAt { get; init; }

    /// <summary>The first deferral in a row; null when the last result was not a deferral.</summary>
    public DateTimeOffset? DeferredSince { get; init; }

    /// <summary>The number of deferrals in a row.</summary>
    public int DeferredTimes { get; init; }

    public JsonElement? Output { get; init; }

    /// <summary>
    /// The answer to a step that waits, also if it came before the step began. Written by whoever answers, under the operation's lock,
    /// and never by a transition.
    /// </summary>
    public WaitAnswer? Answer { get; init; }

    /// <summary>
    /// Whether there may be something to undo. A dispatch is recorded before it is sent, so its effect may exist whatever happened to the
    /// message, and although an operator had the step run again later.
    /// </summary>
    public bool MayHaveActed => Fence > 0 && !Status.IsBack && Status.Phase != StepPhase.Skipped;

    /// <summary>The workflow's steps in its order. Unknown steps are pending.</summary>
    public static IReadOnlyList<StepRun> InOrder(WorkflowDefinition workflow, IEnumerable<StepRun> known)
    {
        var byName = known.ToDictionary(s => s.Name, StringComparer.Ordinal);
        return [.. workflow.Steps.Select(s => byName.GetValueOrDefault(s.Name) ?? new StepRun { Name = s.Name })];
    }
}
