using Saga.Contracts.Steps;
using Saga.Engine.Operations;

namespace Saga.Engine.Decisions;

/// <summary>A step message to send, and the fence to record before it leaves.</summary>
/// <param name="Step">The step.</param>
/// <param name="Worker">The worker whose queue takes it.</param>
/// <param name="Direction">Forward or back.</param>
/// <param name="Fence">The same as before when no worker took the last delivery; otherwise a new one.</param>
/// <param name="Attempt">From 1.</param>
/// <param name="AttemptTimeout">How long the attempt may take from the moment a worker takes it.</param>
/// <param name="Deadline">A delivery that comes later is refused.</param>
public sealed record Dispatch(string Step, string Worker, Direction Direction, long Fence, int Attempt, TimeSpan AttemptTimeout, DateTimeOffset Deadline);

/// <summary>A dispatch that has its result: nothing more may be done under its fence.</summary>
public sealed record Settlement(string Step, long Fence);

/// <summary>One line of the operation's history.</summary>
public sealed record HistoryLine(string Event, string? Step = null, int? Attempt = null, long? Fence = null, object? Data = null)
{
    /// <summary>It takes the place of the step's last line of the same event, so that what repeats does not fill the history.</summary>
    public bool Repeats { get; init; }
}

/// <summary>
/// What one event changes. Nothing outside the engine adds to it: it is written whole, in one transaction.
/// </summary>
public sealed record Decision
{
    /// <summary>The event changed nothing: a duplicate, late, or of a dispatch that is no longer the newest.</summary>
    public static Decision Nothing(Progress progress) => new() { After = progress };

    public required Progress After { get; init; }

    /// <summary>The steps of <see cref="After"/> that are no longer as they were.</summary>
    public IReadOnlyList<StepRun> ChangedSteps { get; init; } = [];

    public IReadOnlyList<Dispatch> Dispatches { get; init; } = [];

    public IReadOnlyList<Settlement> Settlements { get; init; } = [];

    public IReadOnlyList<HistoryLine> History { get; init; } = [];

    /// <summary>Whether there is anything to write.</summary>
    public bool Changes => History.Count > 0 || ChangedSteps.Count > 0;

    /// <summary>
    /// Whether the operation came further. What only sends a dispatch again, or looks at it again later, has no line in the history;
    /// made twice, it does no harm.
    /// </summary>
    public bool Advances => History.Count > 0;
}

/// <summary>Where an operation stands.</summary>
/// <param name="State">Its state.</param>
/// <param name="Steps">Its steps, in the workflow's order.</param>
/// <param name="Failure">What turned it round or stalled it.</param>
public sealed record Progress(OperationState State, IReadOnlyList<StepRun> Steps, Failure? Failure)
{
    /// <summary>Whether the operation goes forward and a step of it is dispatched: then it holds a slot of the installation.</summary>
    public bool HasDispatch => State == OperationState.Running && Steps.Any(s => s.Status == StepStatus.Running);

    /// <summary>When the next thing is due; null when only messages can move it.</summary>
    public DateTimeOffset? NextDueAt => State.Direction() is { } direction
        ? Steps.Where(s => s.Status.IsInMotion && s.Status.Direction == direction).Min(s => s.DueAt)
        : null;
}
