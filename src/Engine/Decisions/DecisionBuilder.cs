using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using System.Text.Json;

namespace Saga.Engine.Decisions;

/// <summary>One decision in the making: the rules of the saga, applied to a copy of where it stands.</summary>
internal sealed class DecisionBuilder(WorkflowDefinition workflow, Progress before, DateTimeOffset now, Func<double> random, CompensationRules compensation)
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
        var back = IsBack(step);
        settlements.Add(new(step.Name, step.Fence));
        if (back && step.UncertainAt + lingersFor is { } until && step.DispatchedAt < until)
        {
            CompensateAgain(step, until);
            return;
        }

        Replace(step with
        {
            Status = back ? StepStatus.Compensated : StepStatus.Succeeded,
            FinishedAt = now,
            DueAt = null,
            DeferredBy = null,
            // A step that failed and was undone still shows why it failed.
            Failure = back ? step.Failure : null,
            Output = back ? step.Output : output,
        });
        Line(back ? HistoryEvents.StepCompensated : HistoryEvents.StepSucceeded, step, output is null ? null : new { output });
        Advance();
    }

    // What a forward attempt of unknown outcome asked for may have appeared after the compensation had looked.
    private void CompensateAgain(StepRun step, DateTimeOffset until)
    {
        var due = until > now ? until : now;
        Replace(step with { Status = StepStatus.CompensationWaiting, FinishedAt = now, DueAt = due, DeferredBy = null });
        Line(HistoryEvents.CompensationAgain, step, new { at = due, uncertainSince = step.UncertainAt });
    }

    public void Fail(StepRun step, Failure reason, bool timedOut, bool outcomeUnknown = false)
    {
        var back = IsBack(step);
        step = Uncertain(step, timedOut || outcomeUnknown);
        var definition = Definition(step.Name);
        // A timed-out attempt may still be at work: it keeps the lease until it ends or a newer fence takes over.
        if (!timedOut)
            settlements.Add(new(step.Name, step.Fence));
        var delay = back ? Backoff.AfterCompensation(definition, compensation.BackoffLimit, step.Attempt, random()) : Backoff.After(definition, step.Attempt, random());
        // What is undone is tried as long as there is time: it stalls for what will not pass, not for what may.
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
            Replace(step with { Status = back ? StepStatus.CompensationWaiting : StepStatus.Waiting, DueAt = now + delay, Failure = reason });
            return;
        }

        Replace(step with
        {
            Status = back ? StepStatus.CompensationFailed : StepStatus.Failed,
            FinishedAt = now,
            DueAt = null,
            Failure = reason,
        });
        if (!back && state == OperationState.Running && MayTurn(definition, reason))
            TurnRound(step.Name, reason);
        Advance();
    }

    public void Hold(StepRun step, StepDeferred hold)
    {
        var back = IsBack(step);
        step = Uncertain(step, hold.OutcomeUnknown);
        // The attempt was not made, and the time until the next is not the step's: neither counts.
        Replace(step with
        {
            Status = back ? StepStatus.CompensationDeferred : StepStatus.Deferred,
            Attempt = step.Attempt - 1,
            DueAt = now + hold.RetryAfter,
            Deadline = step.Deadline + (now - step.DispatchedAt) + hold.RetryAfter,
            DeferredBy = hold.System,
            Failure = hold.Failure ?? step.Failure,
        });
        Line(back ? HistoryEvents.CompensationDeferred : HistoryEvents.StepDeferred, step, new { hold.System, hold.Reason, until = now + hold.RetryAfter });
    }

    public void Wake()
    {
        var due = InMotion().FindAll(s => s.DueAt <= now);
        foreach (var step in due.Where(s => s.Status is StepStatus.Running or StepStatus.Compensating && Moves(s)))
            Fail(step, TimedOut(step), timedOut: true);
        // Afterwards: an attempt that was given up may have turned the operation round, and no step is sent twice in one turn.
        foreach (var step in due.Where(s => s.Status is not (StepStatus.Running or StepStatus.Compensating) && Moves(s)))
            Send(step, IsBack(step) ? Direction.Back : Direction.Forward, step.Attempt + 1);
    }

    public void Redispatch()
    {
        foreach (var step in InMotion().Where(s => s.Status is StepStatus.Running or StepStatus.Compensating))
            Send(Uncertain(step, true), IsBack(step) ? Direction.Back : Direction.Forward, step.Attempt);
    }

    // Everything that may run now, and the end when nothing is left.
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
            if (Run(definition.Name).Status == StepStatus.Pending && definition.After.All(a => Run(a).Status == StepStatus.Succeeded))
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
        foreach (var step in steps.Where(s => s.Status == StepStatus.Pending).ToList())
        {
            Replace(step with { Status = StepStatus.Skipped });
            Line(HistoryEvents.StepSkipped, step);
        }
    }

    private void Stall()
    {
        state = OperationState.Stalled;
        var stuck = before.State == OperationState.Compensating || failure is not null ? StepStatus.CompensationFailed : StepStatus.Failed;
        failure = steps.Find(s => s.Status == stuck)?.Failure ?? failure;
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
        var turns = direction == Direction.Back && !IsBack(step);
        // Turned round while a worker is at it: that attempt is cut short.
        step = Uncertain(step, turns && step.Status == StepStatus.Running);
        var fence = step.Fence + 1;
        var due = now + definition.AttemptTimeout;
        Replace(step with
        {
            Status = direction == Direction.Back ? StepStatus.Compensating : StepStatus.Running,
            Fence = fence,
            Attempt = attempt,
            StartedAt = turns ? now : step.StartedAt ?? now,
            DispatchedAt = now,
            DueAt = due,
            Deadline = turns ? now + CompensationTime(definition) : step.Deadline ?? now + definition.Deadline,
            FinishedAt = null,
            DeferredBy = null,
        });
        dispatches.Add(new(step.Name, definition.Worker, direction, fence, attempt, due));
        history.Add(new(direction == Direction.Back ? HistoryEvents.CompensationDispatched : HistoryEvents.StepDispatched, step.Name, attempt, fence));
    }

    // A pivot that said it failed for good did nothing; one that fell silent may have acted, and nothing is guessed.
    private static bool MayTurn(StepDefinition step, Failure reason) => step.Kind switch
    {
        StepKind.Compensatable => true,
        StepKind.Pivot => !reason.Transient,
        _ => false,
    };

    private TimeSpan CompensationTime(StepDefinition definition) => definition.CompensationDeadline ?? compensation.Deadline;

    // A compensation that began under an older version has a deadline of minutes: its time counts from its beginning.
    private DateTimeOffset LastOf(StepRun step, StepDefinition definition)
    {
        var end = step.StartedAt + CompensationTime(definition) ?? now;
        return step.Deadline > end ? step.Deadline.Value : end;
    }

    private StepRun Uncertain(StepRun step, bool cutShort) => cutShort && !IsBack(step) ? step with { UncertainAt = now } : step;

    private static bool IsBack(StepRun step) => step.Status is
        StepStatus.Compensating or StepStatus.CompensationWaiting or StepStatus.CompensationDeferred or
        StepStatus.Compensated or StepStatus.CompensationFailed;

    // Whether the step goes where the operation goes by now.
    private bool Moves(StepRun step) => IsBack(step) == (state == OperationState.Compensating);

    // The intent was recorded, so the effect may be there, whatever became of the message.
    private static bool MayHaveActed(StepRun step) => step.Status is
        StepStatus.Running or StepStatus.Waiting or StepStatus.Deferred or StepStatus.Succeeded or StepStatus.Failed;

    private bool IsUndone(StepDefinition definition) =>
        Run(definition.Name).Status is StepStatus.Compensated or StepStatus.Skipped or StepStatus.Pending
        || (definition.Kind != StepKind.Compensatable && Run(definition.Name).Status == StepStatus.Failed);

    private List<StepRun> InMotion() => steps.FindAll(s => state == OperationState.Compensating
        ? s.Status is StepStatus.Compensating or StepStatus.CompensationWaiting or StepStatus.CompensationDeferred
        : state == OperationState.Running && s.Status is StepStatus.Running or StepStatus.Waiting or StepStatus.Deferred);

    private static Failure TimedOut(StepRun step) => new()
    {
        Code = "attempt-timeout",
        Message = $"Attempt {step.Attempt} of step '{step.Name}' gave no result in time.",
        Remedy = "See that the step's worker runs and reads its queue, and what the outside system it works on was doing then.",
        Transient = true,
    };

    private StepDefinition Definition(string name) => workflow.Steps.First(s => s.Name == name);

    private StepRun Run(string name) => steps.Find(s => s.Name == name)!;

    private void Replace(StepRun step)
    {
        steps[steps.FindIndex(s => s.Name == step.Name)] = step;
        changed.Add(step.Name);
    }

    private void Line(string line, StepRun step, object? data = null) => history.Add(new(line, step.Name, step.Attempt, step.Fence, data));
}
