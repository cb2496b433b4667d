using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;

namespace Saga.Engine.Decisions;

/// <summary>
/// Decides what an event means for an operation: a function of the workflow, where the operation stands, the
/// event, the time and a random number. No input or output, and no clock of its own: the time comes from where the operation
/// was loaded, so that what is due is judged by the clock that it was written by. It remembers only which workers have results.
/// </summary>
/// <remarks>
/// Every event names the fence of the dispatch it answers. An event whose fence is not the newest of its step,
/// or whose step is past it, changes nothing; so duplicates and late messages need no memory of their own.
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
        if (progress.State != OperationState.Accepted)
            return Decision.Nothing(progress);
        var builder = Begin(workflow, progress, now);
        builder.Start();
        return builder.End();
    }

    public Decision Succeed(WorkflowDefinition workflow, Progress progress, DateTimeOffset now, StepSucceeded report)
    {
        // A compensation that is to run once more has had the result of its last dispatch.
        if (Awaited(progress, report) is not { } step || step is { Status: { Direction: Direction.Back, Phase: StepPhase.Waiting }, FinishedAt: not null })
            return Decision.Nothing(progress);
        NoteResult(workflow, step, now);
        var builder = Begin(workflow, progress, now);
        builder.Succeed(step, report.Output, report.LingersFor ?? TimeSpan.Zero);
        return builder.End();
    }

    public Decision Fail(WorkflowDefinition workflow, Progress progress, DateTimeOffset now, StepFailed report)
    {
        // A dispatch that is already waiting for its successor has had its result.
        if (Awaited(progress, report) is not { Status.IsDispatched: true } step)
            return Decision.Nothing(progress);
        NoteResult(workflow, step, now);
        var builder = Begin(workflow, progress, now);
        // A worker defers by itself what is not the step's fault. Whoever reports it as a failure means the same.
        if (report.Failure.Kind is FailureKind.Outage or FailureKind.Overload)
            builder.Defer(step, Deferral(report));
        else
            builder.Fail(step, report.Failure, timedOut: false, outcomeUnknown: report.OutcomeUnknown);
        return builder.End();
    }

    public Decision Defer(WorkflowDefinition workflow, Progress progress, DateTimeOffset now, StepDeferred report)
    {
        if (Awaited(progress, report) is not { Status.IsDispatched: true } step)
            return Decision.Nothing(progress);
        var builder = Begin(workflow, progress, now);
        builder.Defer(step, report);
        return builder.End();
    }

    /// <summary>
    /// Looks at what is due, and at every dispatch whose worker may be lost: gives up attempts whose time is over or whose worker is
    /// lost, sends again what no worker took, and sends what was delayed.
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
    /// Sends again, at no cost of an attempt, what a bus that forgets when its process ends may have lost: dispatches that no worker
    /// took, under the same fence; and those whose report may be lost, under a new one. What a worker holds is left to it, or
    /// to the end of its lease.
    /// </summary>
    public Decision Redispatch(WorkflowDefinition workflow, Progress progress, DateTimeOffset now)
    {
        if (progress.State == OperationState.Accepted)
            return Start(workflow, progress, now);
        var builder = Begin(workflow, progress, now);
        builder.Redispatch();
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
            && s.Status.IsInMotion && s.Status.Direction == progress.State.Direction());
}
