using Saga.Contracts.Steps;
using Saga.Engine.Workflows;
using System.Text.Json;

namespace Saga.Engine.Operations;

/// <summary>How far one step of one operation has come.</summary>
public sealed record StepRun
{
    public required string Name { get; init; }

    public StepStatus Status { get; init; }

    /// <summary>The newest dispatch; 0 before the first. Grows in both directions.</summary>
    public long Fence { get; init; }

    /// <summary>Tries in the present direction.</summary>
    public int Attempt { get; init; }

    /// <summary>The first dispatch in the present direction.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When the newest dispatch was first sent.</summary>
    public DateTimeOffset? DispatchedAt { get; init; }

    /// <summary>How often the newest dispatch was sent: more than once when no worker took it.</summary>
    public int Deliveries { get; init; }

    /// <summary>When a worker took the lease of the newest dispatch: its attempt began then. Null: it has not begun. Written by the worker's take.</summary>
    public DateTimeOffset? TakenAt { get; init; }

    /// <summary>
    /// When whoever holds the lease of the newest dispatch is given up for lost, unless it renews it. Null when nobody holds it. Written
    /// by workers.
    /// </summary>
    public DateTimeOffset? LostAt { get; init; }

    /// <summary>Whether the sweeper wakes the operation at <see cref="LostAt"/>: so from the first renewal of the lease on.</summary>
    public bool Watched { get; init; }

    /// <summary>Attempts in a row that ended with the loss of their worker.</summary>
    public int LostInARow { get; init; }

    /// <summary>Dispatched: when to look whether it was taken, and later whether its time is over. Waiting or deferred: when the next one leaves.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>When the present direction is given up; moves on by the time the step is deferred or waits in a queue.</summary>
    public DateTimeOffset? Deadline { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The last failure in the present direction, or the one that ended the forward direction.</summary>
    public Failure? Failure { get; init; }

    /// <summary>The external system because of which the step is deferred.</summary>
    public string? DeferredBy { get; init; }

    /// <summary>
    /// When a forward attempt of unknown outcome was last at work: what it asked of an external system may appear after that. Null: no
    /// attempt was cut short.
    /// </summary>
    public DateTimeOffset? UncertainAt { get; init; }

    /// <summary>The first deferral in a row; null when the last result was not a deferral.</summary>
    public DateTimeOffset? DeferredSince { get; init; }

    /// <summary>Deferrals in a row.</summary>
    public int DeferredTimes { get; init; }

    public JsonElement? Output { get; init; }

    /// <summary>The workflow's steps in its order; those of which nothing is known are pending.</summary>
    public static IReadOnlyList<StepRun> InOrder(WorkflowDefinition workflow, IEnumerable<StepRun> known)
    {
        var byName = known.ToDictionary(s => s.Name, StringComparer.Ordinal);
        return [.. workflow.Steps.Select(s => byName.GetValueOrDefault(s.Name) ?? new StepRun { Name = s.Name })];
    }
}
