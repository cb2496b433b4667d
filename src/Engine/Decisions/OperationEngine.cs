using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;

namespace Saga.Engine.Decisions;

/// <summary>
/// Decides what an event means for an operation, as a function of the workflow, the operation's state, the event, the time and a
/// random number. It has no I/O and no clock: the time comes with the loaded operation, so due times are compared with the clock that
/// wrote them. It remembers only which workers have had results.
/// </summary>
/// <remarks>
/// Every event names the fencing token of its dispatch. An event with an outdated fencing token, or whose step has moved on, changes
/// nothing, so duplicates and late messages need not be remembered.
/// </remarks>
public sealed class OperationEngine(Func<double> random, CompensationRules? compensation = null, DispatchRules? rules = null)
{
    private static readonly TimeSpan FirstDeferral = TimeSpan.FromSeconds(1);
    private readonly CompensationRules compensation = compensation ?? new();
    private readonly DispatchRules rules = rules ?? new();
    private readonly WorkerResults results = new();

    /// <summary>Starts an accepted operation.</summary>
    public Decision Start(WorkflowDefinition workflow, Progress progress, DateTimeOffset now)
    {
        if (progress.State != OperationState.Accepted || progress.WaitsForScope)
            return Decision.Nothing(progress);
        var builder = Begin(workflow, progress, now);
        builder.Start();
        return builder.End();
    }

    public Decision Succeed(WorkflowDefinition workflow, Progress progress, DateTimeOffset now, StepSucceeded report)
    {
        // A compensation that must run once more already has the result of its last dispatch.
        if (Awaited(progress, report) is not { } step || step is { Status: { Direction: Direction.Back, Phase: StepPhase.Waiting }, FinishedAt: not null })
            return Decision.Nothing(progress);
        NoteResult(workflow, step, now);
        var builder = Begin(workflow, progress, now);
        builder.Succeed(step, report.Output, report.LingersFor ?? TimeSpan.Zero);
        return builder.End();
    }

    public Decision Fail(WorkflowDefinition workflow, Progress progress, DateTimeOffset now, StepFailed report)
    {
        // A dispatch that already waits for its successor has its result.
        if (Awaited(progress, report) is not { Status.IsDispatched: true } step)
            return Decision.Nothing(progress);
        NoteResult(workflow, step, now);
        var builder = Begin(workflow, progress, now);
        // Workers defer steps on outage and overload. A report of such a failure means the same.
        if (report.Failure.Kind is FailureKind.Outage or FailureKind.Overload)
            builder.Defer(step, Deferral(report));
        else
            builder.Fail(step, report.Failure, timedOut: false, outcomeUnknown: report.OutcomeUnknown);
        return builder.End();
    }

    public Decision Defer(WorkflowDefinition workflow, Progress progress, DateTimeOffset now, StepDeferred report)
    {
        // Another delivery of the same dispatch took the lease and runs it, or has run it.
        if (Awaited(progress, report) is not { Status.IsDispatched: true } step || (report.WithoutLease && step.TakenAt is not null))
            return Decision.Nothing(progress);
        var builder = Begin(workflow, progress, now);
        builder.Defer(step, report);
        return builder.End();
    }

    /// <summary>
    /// Handles everything that is due: gives up attempts whose time is over or whose worker is lost, sends dispatches again that no worker
    /// took, sends delayed attempts, and ends waits that were answered or whose time is over.
    /// </summary>
    public Decision Wake(WorkflowDefinition workflow, Progress progress, DateTimeOffset now)
    {
        if (progress.State == OperationState.Accepted)
            return Start(workflow, progress, now);
        var builder = Begin(workflow, progress, now);
        builder.Wake();
        return builder.End();
    }

    /// <summary>
    /// Sends messages again that the in-memory bus may have lost, which costs no attempt: dispatches that no worker took, under the same
    /// fencing token, and dispatches whose report may be lost, under a new one. Dispatches with a running worker are left alone until the
    /// worker reports or its lease ends.
    /// </summary>
    public Decision Redispatch(WorkflowDefinition workflow, Progress progress, DateTimeOffset now)
    {
        if (progress.State == OperationState.Accepted)
            return Start(workflow, progress, now);
        var builder = Begin(workflow, progress, now);
        builder.Redispatch();
        return builder.End();
    }

    /// <summary>
    /// Cancels the operation if it has not reached its pivot: what ran is compensated, and it ends as cancelled. Otherwise its history says
    /// why not. A second cancellation changes nothing, and neither does one of an ended operation.
    /// </summary>
    public Decision Cancel(WorkflowDefinition workflow, Progress progress, DateTimeOffset now, CancellationRequested request)
    {
        // The system's own request is about the wait only.
        if (progress.Cancellation is not null || progress.State.HasEnded() || (request.Code is not null && !progress.WaitsForScope))
            return Decision.Nothing(progress);
        var builder = Begin(workflow, progress, now);
        builder.Cancel(new(request.Actor, request.Reason, request.Code));
        return builder.End();
    }

    /// <summary>
    /// Carries out an operator's order for a stalled operation, if it still means what it meant when it was accepted. Otherwise its history
    /// says that the operation has changed.
    /// </summary>
    public Decision Replay(WorkflowDefinition workflow, Progress progress, DateTimeOffset now, ReplayRequested request)
    {
        if (progress.State == OperationState.Accepted || progress.State.HasEnded())
            return Decision.Nothing(progress);
        var builder = Begin(workflow, progress, now);
        builder.Replay(request);
        return builder.End();
    }

    private DecisionBuilder Begin(WorkflowDefinition workflow, Progress progress, DateTimeOffset now) => new(workflow, progress, now, random, compensation, rules, results);

    private void NoteResult(WorkflowDefinition workflow, StepRun step, DateTimeOffset now) =>
        results.Note(workflow.Steps.First(s => s.Name == step.Name).Worker, now);

    private static StepDeferred Deferral(StepFailed report) => new()
    {
        OperationId = report.OperationId,
        Step = report.Step,
        Fence = report.Fence,
        System = report.Failure.System ?? report.Failure.Code,
        Reason = report.Failure.Message,
        RetryAfter = FirstDeferral,
        Failure = report.Failure,
        OutcomeUnknown = report.OutcomeUnknown || report.Failure.Kind == FailureKind.Outage,
    };

    private static StepRun? Awaited(Progress progress, StepReport report) =>
        progress.Steps.FirstOrDefault(s => s.Name == report.Step && s.Fence == report.Fence
            && s.Status is { IsInMotion: true, IsAwaiting: false } && s.Status.Direction == progress.State.Direction());
}
