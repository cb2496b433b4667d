using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;

namespace Saga.Engine.Decisions;

/// <summary>A copy of an operation's state to which one decision is applied, and the effects collected so far.</summary>
internal sealed class DecisionDraft(
    WorkflowDefinition workflow, Progress before, DateTimeOffset now, Func<double> random, CompensationRules compensation, DispatchRules rules)
{
    private readonly List<StepRun> steps = [.. before.Steps];
    private readonly HashSet<string> changed = new(StringComparer.Ordinal);
    private readonly List<Dispatch> dispatches = [];
    private readonly List<Settlement> settlements = [];
    private readonly List<HistoryLine> history = [];

    public WorkflowDefinition Workflow => workflow;

    public DateTimeOffset Now => now;

    public IReadOnlyList<StepRun> Steps => steps;

    /// <inheritdoc cref="Progress.WroteOnAcceptance"/>
    public bool WroteOnAcceptance => before.WroteOnAcceptance;

    public OperationState State { get; set; } = before.State;

    /// <summary>Why the operation compensates or has stalled.</summary>
    public Failure? Failure { get; set; } = before.Failure;

    public Cancellation? Cancellation { get; set; } = before.Cancellation;

    public Decision End() => new()
    {
        After = before with { State = State, Steps = steps, Failure = Failure, Cancellation = Cancellation },
        ChangedSteps = steps.FindAll(s => changed.Contains(s.Name)),
        Dispatches = dispatches,
        Settlements = settlements,
        History = history,
    };

    public StepDefinition Definition(string name) => workflow.Steps.First(s => s.Name == name);

    public StepRun Run(string name) => steps.Find(s => s.Name == name)!;

    public void Replace(StepRun step)
    {
        steps[steps.FindIndex(s => s.Name == step.Name)] = step;
        changed.Add(step.Name);
    }

    public void Settle(StepRun step) => settlements.Add(new(step.Name, step.Fence));

    public void Line(HistoryLine line) => history.Add(line);

    public void Line(string line, StepRun step, object? data = null) => history.Add(new(line, step.Name, step.Attempt, step.Fence, data));

    /// <summary>The steps that have a dispatch or a next attempt in the operation's current direction.</summary>
    public List<StepRun> InMotion() => State.Direction() is { } direction
        ? steps.FindAll(s => s.Status.IsInMotion && s.Status.Direction == direction)
        : [];

    /// <summary>Whether the step's direction matches the operation's current direction.</summary>
    public bool Moves(StepRun step) => step.Status.IsBack == (State == OperationState.Compensating);

    public TimeSpan CompensationTime(StepDefinition definition) => definition.CompensationDeadline ?? compensation.Deadline;

    /// <summary>Marks a forward attempt whose outcome is unknown, because its effects may still appear after its compensation ran.</summary>
    /// <param name="step">The step.</param>
    /// <param name="outcomeUnknown">Whether the outcome of its newest attempt is unknown.</param>
    /// <param name="mayRun">Whether that attempt may still run, and call the external system until it notices that it lost its lease.</param>
    public StepRun Uncertain(StepRun step, bool outcomeUnknown, bool mayRun = false) => outcomeUnknown && !step.Status.IsBack
        ? step with { UncertainAt = mayRun ? now + rules.NoLeaseOutlasts : now }
        : step;

    /// <summary>The newest attempt could take the lease only when no other had it, so earlier ones ran until then at most.</summary>
    /// <param name="step">The step, whose newest attempt has its result.</param>
    public static StepRun AloneSinceTaken(StepRun step) => step.TakenAt < step.UncertainAt ? step with { UncertainAt = step.TakenAt } : step;

    /// <summary>Dispatches the step under a new fencing token.</summary>
    public void Send(StepRun step, Direction direction, int attempt)
    {
        var definition = Definition(step.Name);
        var turns = direction == Direction.Back && !step.Status.IsBack;
        // If the operation starts to compensate while a worker runs the step, that attempt is cancelled.
        step = Uncertain(step, turns && step.Status.IsDispatched, mayRun: true);
        var fence = step.Fence + 1;
        var repeats = !turns && step.DeferredTimes > 0;
        Replace(step with
        {
            Status = new StepStatus(direction, StepPhase.Dispatched),
            Fence = fence,
            Attempt = attempt,
            StartedAt = turns ? now : step.StartedAt ?? now,
            DispatchedAt = now,
            Deliveries = 1,
            TakenAt = null,
            LostAt = null,
            ProgressedAt = null,
            Watched = false,
            DueAt = now + rules.PauseAfter(definition.AttemptTimeout, 1, random()),
            Deadline = turns ? now + CompensationTime(definition) : step.Deadline ?? now + definition.Deadline,
            FinishedAt = null,
            DeferredBy = null,
            DeferredSince = turns ? null : step.DeferredSince,
            DeferredTimes = turns ? 0 : step.DeferredTimes,
            LostInARow = turns ? 0 : step.LostInARow,
        });
        dispatches.Add(Message(definition, direction, fence, attempt));
        history.Add(new(direction == Direction.Back ? HistoryEvents.CompensationDispatched : HistoryEvents.StepDispatched, step.Name, attempt, fence, repeats ? new { times = step.DeferredTimes + 1, lastAt = now } : null)
        {
            Repeats = repeats,
        });
    }

    /// <summary>Sends the same dispatch again. The delivery that arrives first is taken, and the others change nothing.</summary>
    public void Redeliver(StepRun step)
    {
        var definition = Definition(step.Name);
        Replace(step with { Deliveries = step.Deliveries + 1, DueAt = now + rules.PauseAfter(definition.AttemptTimeout, step.Deliveries + 1, random()) });
        dispatches.Add(Message(definition, step.Status.Direction, step.Fence, step.Attempt));
    }

    public void Finish(OperationState end, string line)
    {
        State = end;
        history.Add(new(line));
    }

    public void Stall()
    {
        State = OperationState.Stalled;
        var direction = before.State == OperationState.Compensating || Failure is not null ? Direction.Back : Direction.Forward;
        Failure = steps.Find(s => s.Status == new StepStatus(direction, StepPhase.Failed))?.Failure ?? Failure;
        history.Add(new(HistoryEvents.Stalled, Data: new { failure = Failure }));
    }

    private Dispatch Message(StepDefinition definition, Direction direction, long fence, int attempt) =>
        new(definition.Name, definition.Worker, direction, fence, attempt, definition.StallAfter ?? definition.AttemptTimeout, now + rules.DeliveryLasts, definition.StallAfter);
}
