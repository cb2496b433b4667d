using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using System.Text.Json;

namespace Saga.Engine.Decisions;

/// <summary>Builds one decision by applying the saga's rules to a copy of the operation's state.</summary>
internal sealed class DecisionBuilder(
    WorkflowDefinition workflow, Progress before, DateTimeOffset now, Func<double> random, CompensationRules compensation, DispatchRules rules, WorkerResults results)
{
    private readonly List<StepRun> steps = [.. before.Steps];
    private readonly HashSet<string> changed = new(StringComparer.Ordinal);
    private readonly List<Dispatch> dispatches = [];
    private readonly List<Settlement> settlements = [];
    private readonly List<HistoryLine> history = [];
    private OperationState state = before.State;
    private Failure? failure = before.Failure;

    public Decision End() => new()
    {
        After = new Progress(state, steps, failure),
        ChangedSteps = steps.FindAll(s => changed.Contains(s.Name)),
        Dispatches = dispatches,
        Settlements = settlements,
        History = history,
    };

    public void Start()
    {
        state = OperationState.Running;
        history.Add(new(HistoryEvents.Started, Data: new { workflow = workflow.Kind, workflow.Version }));
        Advance();
    }

    public void Succeed(StepRun step, JsonElement? output, TimeSpan lingersFor)
    {
        var back = step.Status.IsBack;
        settlements.Add(new(step.Name, step.Fence));
        if (back && step.UncertainAt + lingersFor is { } until && step.DispatchedAt < until)
        {
            CompensateAgain(step, until);
            return;
        }

        Replace(step with
        {
            Status = step.Status.In(StepPhase.Done),
            FinishedAt = now,
            DueAt = null,
            DeferredBy = null,
            DeferredSince = null,
            DeferredTimes = 0,
            LostInARow = 0,
            // A failed step that was undone still shows why it failed.
            Failure = back ? step.Failure : null,
            Output = back ? step.Output : output,
        });
        Line(back ? HistoryEvents.StepCompensated : HistoryEvents.StepSucceeded, step, output is null ? null : new { output });
        Advance();
    }

    // The effects of a forward attempt with an unknown outcome may have appeared after the compensation ran.
    private void CompensateAgain(StepRun step, DateTimeOffset until)
    {
        var due = until > now ? until : now;
        Replace(step with { Status = step.Status.In(StepPhase.Waiting), FinishedAt = now, DueAt = due, DeferredBy = null });
        Line(HistoryEvents.CompensationAgain, step, new { at = due, uncertainSince = step.UncertainAt });
    }

    public void Fail(StepRun step, Failure reason, bool timedOut, bool outcomeUnknown = false, bool lost = false)
    {
        var back = step.Status.IsBack;
        step = Uncertain(step, timedOut || lost || outcomeUnknown);
        var definition = Definition(step.Name);
        step = step with { Deadline = step.Deadline + Queued(step) + Unsent(step, definition), DeferredSince = null, DeferredTimes = 0, LostInARow = lost ? step.LostInARow + 1 : 0 };
        // An abandoned attempt may still be running. It keeps its lease until the lease ends or a newer fencing token takes over.
        if (!timedOut && !lost)
            settlements.Add(new(step.Name, step.Fence));
        var delay = back ? Backoff.AfterCompensation(definition, compensation.BackoffLimit, step.Attempt, random()) : Backoff.After(definition, step.Attempt, random());
        // A compensation is retried as long as there is time. It stalls only on permanent failures.
        var again = reason.Kind != FailureKind.Permanent && (back || step.Attempt < definition.MaxAttempts) && now + delay < (back ? LastOf(step, definition) : step.Deadline);
        Line((back, timedOut) switch
        {
            (false, false) => HistoryEvents.StepFailed,
            (false, true) => HistoryEvents.StepTimedOut,
            (true, false) => HistoryEvents.CompensationFailed,
            (true, true) => HistoryEvents.CompensationTimedOut,
        }, step, new { failure = reason, final = !again, retryAt = again ? now + delay : (DateTimeOffset?)null });

        if (again)
        {
            Replace(step with { Status = step.Status.In(StepPhase.Waiting), DueAt = now + delay, Failure = reason });
            return;
        }

        Replace(step with
        {
            Status = step.Status.In(StepPhase.Failed),
            FinishedAt = now,
            DueAt = null,
            Failure = reason,
        });
        if (!back && state == OperationState.Running && MayTurn(definition, reason))
            TurnRound(step.Name, reason);
        Advance();
    }

    // A compensation does not give up on an outage before its own time is used up.
    private TimeSpan DeferredAtMost(StepDefinition definition, bool back) =>
        back && CompensationTime(definition) > definition.DeferredAtMost ? CompensationTime(definition) : definition.DeferredAtMost;

    public void Defer(StepRun step, StepDeferred report)
    {
        var back = step.Status.IsBack;
        step = Uncertain(step, report.OutcomeUnknown);
        var definition = Definition(step.Name);
        var since = step.DeferredSince ?? now;
        var limit = DeferredAtMost(definition, back);
        if (now - since >= limit)
        {
            Fail(step, EngineFailures.Deferred(step, report, limit), timedOut: false);
            return;
        }

        var pause = rules.PauseAfterDeferral(report.RetryAfter, now - since, random());
        // Neither the deferred attempt nor the time until the next one counts.
        var deferred = step with
        {
            Status = step.Status.In(StepPhase.Deferred),
            Attempt = step.Attempt - 1,
            DueAt = now + pause,
            Deadline = step.Deadline + (now - step.DispatchedAt) + pause,
            DeferredBy = report.System,
            Failure = report.Failure ?? step.Failure,
            DeferredSince = since,
            DeferredTimes = step.DeferredTimes + 1,
        };
        Replace(deferred);
        history.Add(new(
            back ? HistoryEvents.CompensationDeferred : HistoryEvents.StepDeferred, step.Name, step.Attempt, step.Fence,
            new { report.System, report.Reason, until = now + pause, since, times = deferred.DeferredTimes, lastAt = now })
        {
            Repeats = deferred.DeferredTimes > 1,
        });
    }

    public void Wake()
    {
        var moving = InMotion();
        GiveUp(moving);
        // Done afterwards, because an abandoned attempt may have made the operation compensate, and no step is sent twice in one decision.
        foreach (var step in moving.Where(Moves))
        {
            if (!step.Status.IsDispatched && step.DueAt <= now)
                Send(step, step.Status.Direction, step.Attempt + 1);
            else if (step.Status.IsDispatched)
                LookAfter(step);
        }
    }

    public void Redispatch()
    {
        var moving = InMotion().FindAll(s => s.Status.IsDispatched);
        GiveUp(moving);
        foreach (var step in moving.Where(Moves))
        {
            if (step.TakenAt is null)
                Redeliver(step);
            else if (step.LostAt is null && Run(step.Name) == step)
                Send(Uncertain(step, true), step.Status.Direction, step.Attempt);
        }
    }

    // Gives up attempts whose time is over or whose worker is lost.
    private void GiveUp(List<StepRun> moving)
    {
        foreach (var step in moving.Where(s => s.Status.IsDispatched && Moves(s)))
        {
            switch (DispatchCheck.Of(step, Definition(step.Name), now).Finding)
            {
                case DispatchFinding.TimedOut:
                    Fail(step, EngineFailures.TimedOut(step), timedOut: true);
                    break;
                case DispatchFinding.WorkerLost:
                    var times = step.LostInARow + 1;
                    var poisonous = times >= rules.PoisonousAfter && results.AnySince(Definition(step.Name).Worker, step.TakenAt!.Value);
                    Fail(step, poisonous ? EngineFailures.PoisonousStep(step, times) : EngineFailures.Lost(step), timedOut: false, lost: true);
                    break;
            }
        }
    }

    private void LookAfter(StepRun step)
    {
        var (finding, lookAt) = DispatchCheck.Of(step, Definition(step.Name), now);
        if (finding == DispatchFinding.Undelivered)
            Redeliver(step);
        else if (finding == DispatchFinding.UnderWay)
            Replace(step with { DueAt = lookAt });
    }

    // Sends the same dispatch again. The delivery that arrives first is taken, and the others change nothing.
    private void Redeliver(StepRun step)
    {
        var definition = Definition(step.Name);
        Replace(step with { Deliveries = step.Deliveries + 1, DueAt = now + rules.PauseAfter(definition.AttemptTimeout, step.Deliveries + 1, random()) });
        dispatches.Add(Message(definition, step.Status.Direction, step.Fence, step.Attempt));
    }

    // Dispatches everything that may run now, and ends the operation when nothing is left.
    private void Advance()
    {
        if (state == OperationState.Running)
            AdvanceForward();
        else if (state == OperationState.Compensating)
            AdvanceBack();
    }

    private void AdvanceForward()
    {
        foreach (var definition in workflow.Steps)
        {
            if (Run(definition.Name).Status.Phase == StepPhase.Pending && definition.After.All(a => Run(a).Status == StepStatus.Succeeded))
                Send(Run(definition.Name), Direction.Forward, attempt: 1);
        }

        if (steps.TrueForAll(s => s.Status == StepStatus.Succeeded))
            Finish(OperationState.Completed, HistoryEvents.Completed);
        else if (InMotion().Count == 0)
            Stall();
    }

    private void AdvanceBack()
    {
        foreach (var definition in workflow.Steps)
        {
            var dependents = workflow.Steps.Where(s => s.After.Contains(definition.Name, StringComparer.Ordinal));
            if (definition.Kind == StepKind.Compensatable && MayHaveActed(Run(definition.Name)) && dependents.All(d => IsUndone(d)))
                Send(Run(definition.Name), Direction.Back, attempt: 1);
        }

        if (workflow.Steps.All(IsUndone))
            Finish(OperationState.Compensated, HistoryEvents.Compensated);
        else if (InMotion().Count == 0)
            Stall();
    }

    private void TurnRound(string because, Failure reason)
    {
        state = OperationState.Compensating;
        failure = reason;
        history.Add(new(HistoryEvents.CompensationStarted, because, Data: new { failure = reason }));
        foreach (var step in steps.Where(s => s.Status.Phase == StepPhase.Pending).ToList())
        {
            Replace(step with { Status = step.Status.In(StepPhase.Skipped) });
            Line(HistoryEvents.StepSkipped, step);
        }
    }

    private void Stall()
    {
        state = OperationState.Stalled;
        var direction = before.State == OperationState.Compensating || failure is not null ? Direction.Back : Direction.Forward;
        failure = steps.Find(s => s.Status == new StepStatus(direction, StepPhase.Failed))?.Failure ?? failure;
        history.Add(new(HistoryEvents.Stalled, Data: new { failure }));
    }

    private void Finish(OperationState end, string line)
    {
        state = end;
        history.Add(new(line));
    }

    private void Send(StepRun step, Direction direction, int attempt)
    {
        var definition = Definition(step.Name);
        var turns = direction == Direction.Back && !step.Status.IsBack;
        // If the operation starts to compensate while a worker runs the step, that attempt is cancelled.
        step = Uncertain(step, turns && step.Status.IsDispatched);
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

    private Dispatch Message(StepDefinition definition, Direction direction, long fence, int attempt) =>
        new(definition.Name, definition.Worker, direction, fence, attempt, definition.AttemptTimeout, now + rules.DeliveryLasts);

    // A pivot that reported a permanent failure did nothing. One that never reported may have taken effect, so nothing is assumed.
    private static bool MayTurn(StepDefinition step, Failure reason) => !EngineFailures.OnlyStalls(reason) && step.Kind switch
    {
        StepKind.Compensatable => true,
        StepKind.Pivot => !reason.Transient,
        _ => false,
    };

    private TimeSpan CompensationTime(StepDefinition definition) => definition.CompensationDeadline ?? compensation.Deadline;

    // A compensation that started under an older version has a deadline of minutes, so its time counts from its start.
    private DateTimeOffset LastOf(StepRun step, StepDefinition definition)
    {
        var end = step.StartedAt + CompensationTime(definition) ?? now;
        return step.Deadline > end ? step.Deadline.Value : end;
    }

    private StepRun Uncertain(StepRun step, bool cutShort) => cutShort && !step.Status.IsBack ? step with { UncertainAt = now } : step;

    // Whether the step's direction matches the operation's current direction.
    private bool Moves(StepRun step) => step.Status.IsBack == (state == OperationState.Compensating);

    // The dispatch was recorded, so the effect may exist whatever happened to the message.
    private static bool MayHaveActed(StepRun step) =>
        !step.Status.IsBack && step.Status.Phase is not (StepPhase.Pending or StepPhase.Skipped);

    private bool IsUndone(StepDefinition definition) => Run(definition.Name).Status switch
    {
        { Phase: StepPhase.Pending or StepPhase.Skipped } => true,
        { Direction: Direction.Back, Phase: StepPhase.Done } => true,
        { Direction: Direction.Forward, Phase: StepPhase.Failed } => definition.Kind != StepKind.Compensatable,
        _ => false,
    };

    private List<StepRun> InMotion() => state.Direction() is { } direction
        ? steps.FindAll(s => s.Status.IsInMotion && s.Status.Direction == direction)
        : [];

    // How long the newest dispatch was in a queue; unknown if its worker reported without having taken it.
    private static TimeSpan Queued(StepRun step) => step.TakenAt - step.DispatchedAt ?? TimeSpan.Zero;

    // How long the report of the newest dispatch waited for the broker after the attempt's time was over.
    private TimeSpan Unsent(StepRun step, StepDefinition definition) =>
        step.ReportUntil is not null && step.TakenAt + definition.AttemptTimeout is { } end && now > end ? now - end : TimeSpan.Zero;

    private StepDefinition Definition(string name) => workflow.Steps.First(s => s.Name == name);

    private StepRun Run(string name) => steps.Find(s => s.Name == name)!;

    private void Replace(StepRun step)
    {
        steps[steps.FindIndex(s => s.Name == step.Name)] = step;
        changed.Add(step.Name);
    }

    private void Line(string line, StepRun step, object? data = null) => history.Add(new(line, step.Name, step.Attempt, step.Fence, data));
}
