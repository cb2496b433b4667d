using Saga.Contracts.Steps;
using Saga.Engine.Operations;

namespace Saga.Engine.Decisions;

/// <summary>A step message to send, and the fencing token to record before it is sent.</summary>
/// <param name="Step">The step.</param>
/// <param name="Worker">The worker whose queue takes it.</param>
/// <param name="Direction">Forward or back.</param>
/// <param name="Fence">The fencing token: the previous one if no worker took the last delivery, otherwise a new one.</param>
/// <param name="Attempt">Starts at 1.</param>
/// <param name="AttemptTimeout">How long the attempt may take from the moment a worker takes it.</param>
/// <param name="Deadline">Later deliveries are refused.</param>
/// <param name="StallAfter">The attempt lasts longer as long as it reports progress, and ends this long after the last one. Null for a fixed end.</param>
public sealed record Dispatch(
    string Step, string Worker, Direction Direction, long Fence, int Attempt, TimeSpan AttemptTimeout, DateTimeOffset Deadline, TimeSpan? StallAfter = null);

/// <summary>A dispatch that has its result, so that nothing more may be done under its fencing token.</summary>
public sealed record Settlement(string Step, long Fence);

/// <summary>One line of the operation's history.</summary>
public sealed record HistoryLine(string Event, string? Step = null, int? Attempt = null, long? Fence = null, object? Data = null)
{
    /// <summary>Whether it replaces the step's last line of the same event, so that repeated events do not fill the history.</summary>
    public bool Repeats { get; init; }
}

/// <summary>
/// All changes of one event. Nothing outside the engine adds to it, and it is written in one transaction.
/// </summary>
public sealed record Decision
{
    /// <summary>A decision that changes nothing, for a duplicate or late event, or one about a dispatch that is no longer the newest.</summary>
    public static Decision Nothing(Progress progress) => new() { After = progress };

    public required Progress After { get; init; }

    /// <summary>The steps of <see cref="After"/> that have changed.</summary>
    public IReadOnlyList<StepRun> ChangedSteps { get; init; } = [];

    public IReadOnlyList<Dispatch> Dispatches { get; init; } = [];

    public IReadOnlyList<Settlement> Settlements { get; init; } = [];

    public IReadOnlyList<HistoryLine> History { get; init; } = [];

    /// <summary>Whether there is anything to write.</summary>
    public bool Changes => History.Count > 0 || ChangedSteps.Count > 0;

    /// <summary>
    /// Whether the operation advances. Redeliveries and postponed checks add no history line, because repeating them is harmless.
    /// </summary>
    public bool Advances => History.Count > 0;
}

/// <summary>The state of an operation.</summary>
/// <param name="State">Its state.</param>
/// <param name="Steps">Its steps, in the workflow's order.</param>
/// <param name="Failure">The failure that caused compensation or a stall.</param>
public sealed record Progress(OperationState State, IReadOnlyList<StepRun> Steps, Failure? Failure)
{
    /// <summary>Who cancelled it; null when nobody did. It then ends as cancelled instead of compensated.</summary>
    public Cancellation? Cancellation { get; init; }

    /// <summary>Whether it has not got its scopes yet. Nothing starts it before.</summary>
    public bool WaitsForScope { get; init; }

    /// <summary>Whether its acceptance changed more than the operation itself, which the first steps' compensations undo.</summary>
    public bool WroteOnAcceptance { get; init; }

    /// <summary>Whether the operation is going forward and has a dispatched step, in which case it has a slot of the installation.</summary>
    public bool HasDispatch => State == OperationState.Running && Steps.Any(s => s.Status == StepStatus.Running);

    /// <summary>When something is due next; null when only messages can advance it.</summary>
    public DateTimeOffset? NextDueAt => State.Direction() is { } direction
        ? Steps.Where(s => s.Status.IsInMotion && s.Status.Direction == direction).Min(s => s.DueAt)
        : null;
}
