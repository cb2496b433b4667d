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
    private readonly DecisionDraft draft = new(workflow, before, now, random, compensation, rules);

    public Decision End() => draft.End();

    public void Start()
    {
        draft.State = OperationState.Running;
        draft.Line(new(HistoryEvents.Started, Data: new { workflow = workflow.Kind, workflow.Version }));
        Advance();
    }

    public void Succeed(StepRun step, JsonElement? output, TimeSpan lingersFor)
    {
        var back = step.Status.IsBack;
        step = DecisionDraft.AloneSinceTaken(step);
        draft.Settle(step);
        if (back && BackDecisions.RunAgain(draft, step, lingersFor))
            return;

        draft.Replace(step with
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
        draft.Line(back ? HistoryEvents.StepCompensated : HistoryEvents.StepSucceeded, step, output is null ? null : new { output });
        Advance();
    }

    public void Fail(StepRun step, Failure reason, bool timedOut, bool outcomeUnknown = false, bool lost = false)
    {
        var back = step.Status.IsBack;
        step = draft.Uncertain(DecisionDraft.AloneSinceTaken(step), timedOut || lost || outcomeUnknown, mayRun: timedOut || lost);
        var definition = draft.Definition(step.Name);
        step = step with { Deadline = step.Deadline + Queued(step) + Progressing(step, definition) + Unsent(step, definition), DeferredSince = null, DeferredTimes = 0, LostInARow = lost ? step.LostInARow + 1 : 0 };
        // An abandoned attempt may still be running. It keeps its lease until the lease ends or a newer fencing token takes over.
        if (!timedOut && !lost)
            draft.Settle(step);
        var delay = back ? Backoff.AfterCompensation(definition, compensation.BackoffLimit, step.Attempt, random()) : Backoff.After(definition, step.Attempt, random());
        // A compensation is retried as long as there is time. It stalls only on permanent failures.
        var again = reason.Kind != FailureKind.Permanent && (back || step.Attempt < definition.MaxAttempts)
            && now + delay < (back ? BackDecisions.Deadline(draft, step, definition) : step.Deadline);
        draft.Line((back, timedOut) switch
        {
            (false, false) => HistoryEvents.StepFailed,
            (false, true) => HistoryEvents.StepTimedOut,
            (true, false) => HistoryEvents.CompensationFailed,
            (true, true) => HistoryEvents.CompensationTimedOut,
        }, step, new { failure = reason, final = !again, retryAt = again ? now + delay : (DateTimeOffset?)null });

        if (again)
        {
            draft.Replace(step with { Status = step.Status.In(StepPhase.Waiting), DueAt = now + delay, Failure = reason });
            return;
        }

        draft.Replace(step with
        {
            Status = step.Status.In(StepPhase.Failed),
            FinishedAt = now,
            DueAt = null,
            Failure = reason,
        });
        if (!back && draft.State == OperationState.Running && ForwardDecisions.MayCompensate(definition, reason))
            BackDecisions.StartCompensation(draft, step.Name, reason);
        Advance();
    }

    public void Defer(StepRun step, StepDeferred report)
    {
        var back = step.Status.IsBack;
        var definition = draft.Definition(step.Name);
        var since = step.DeferredSince ?? now;
        var limit = back ? BackDecisions.DeferredAtMost(draft, definition) : definition.DeferredAtMost;
        if (now - since >= limit)
        {
            Fail(step, EngineFailures.Deferred(step, report, limit), timedOut: false, report.OutcomeUnknown);
            return;
        }

        step = draft.Uncertain(DecisionDraft.AloneSinceTaken(step), report.OutcomeUnknown);

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
        draft.Replace(deferred);
        draft.Line(new(
            back ? HistoryEvents.CompensationDeferred : HistoryEvents.StepDeferred, step.Name, step.Attempt, step.Fence,
            new { report.System, report.Reason, until = now + pause, since, times = deferred.DeferredTimes, lastAt = now })
        {
            Repeats = deferred.DeferredTimes > 1,
        });
    }

    public void Cancel(Cancellation cancellation) => CancelDecisions.Cancel(draft, before, cancellation);

    public void Replay(ReplayRequested request) => ReplayDecisions.Replay(draft, before, request);

    public void Wake() => new DueDecisions(draft, this, rules, results).Wake();

    public void Redispatch() => new DueDecisions(draft, this, rules, results).Redispatch();

    /// <summary>Starts everything that may run now, and ends the operation when nothing is left.</summary>
    public void Advance()
    {
        if (draft.State == OperationState.Running)
            ForwardDecisions.Advance(draft);
        else if (draft.State == OperationState.Compensating)
            BackDecisions.Advance(draft);
    }

    // How long the newest dispatch was in a queue; unknown if its worker reported without having taken it.
    private static TimeSpan Queued(StepRun step) => step.TakenAt - step.DispatchedAt ?? TimeSpan.Zero;

    // How long the report of the newest dispatch waited for the broker after the attempt's time was over.
    private TimeSpan Unsent(StepRun step, StepDefinition definition) =>
        step is { ReportUntil: not null, TakenAt: { } taken } && DispatchCheck.EndOf(step, definition, taken) is var end && now > end ? now - end : TimeSpan.Zero;

    // How long the newest dispatch made progress.
    private static TimeSpan Progressing(StepRun step, StepDefinition definition) =>
        definition.StallAfter is not null && step.ProgressedAt - step.TakenAt is { } lasted && lasted > TimeSpan.Zero ? lasted : TimeSpan.Zero;
}
