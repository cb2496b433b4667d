using Saga.Contracts.CustomSteps;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;

namespace Saga.Engine.Decisions;

/// <summary>What an operation does while it compensates.</summary>
internal static class BackDecisions
{
    /// <summary>
    /// Starts to compensate: steps that have not begun, or still wait, are skipped. But what the acceptance wrote, such as the names of a new tenant, is
    /// undone by the compensations of the product's first steps, whether they have begun or not.
    /// </summary>
    public static void StartCompensation(DecisionDraft draft, string? failedStep, Failure reason)
    {
        draft.State = OperationState.Compensating;
        draft.Failure = reason;
        draft.Line(new(HistoryEvents.CompensationStarted, failedStep, Data: new { failure = reason }));
        foreach (var step in draft.Steps.Where(s => s.Status.Phase is StepPhase.Pending or StepPhase.Awaiting && !s.MayHaveActed).ToList())
        {
            if (draft.WroteOnAcceptance && IsFirst(draft.Workflow, draft.Definition(step.Name)))
            {
                draft.Send(step, Direction.Back, attempt: 1);
                continue;
            }

            draft.Replace(step with { Status = step.Status.In(StepPhase.Skipped), DueAt = null });
            draft.Line(HistoryEvents.StepSkipped, step);
        }
    }

    /// <summary>Dispatches the compensations of steps whose dependents are undone. Ends the operation when everything is, and stalls it when nothing can run.</summary>
    public static void Advance(DecisionDraft draft)
    {
        foreach (var definition in draft.Workflow.Steps)
        {
            if (definition is { Kind: StepKind.Compensatable, Wait: null } && draft.Run(definition.Name).MayHaveActed && AreDependentsUndone(draft, definition))
                draft.Send(draft.Run(definition.Name), Direction.Back, attempt: 1);
        }

        if (draft.Workflow.Steps.All(d => IsUndone(draft, d)))
            Finish(draft);
        else if (draft.InMotion().Count == 0)
            draft.Stall();
    }

    /// <summary>Ends an operation of which everything is undone.</summary>
    public static void Finish(DecisionDraft draft)
    {
        if (draft.Cancellation is null)
            draft.Finish(OperationState.Compensated, HistoryEvents.Compensated);
        else
            draft.Finish(OperationState.Cancelled, HistoryEvents.Cancelled);
    }

    /// <summary>
    /// Runs a finished compensation once more if it began before late effects of a forward attempt with an unknown outcome can
    /// be ruled out.
    /// </summary>
    /// <param name="draft">The decision.</param>
    /// <param name="step">A step whose compensation succeeded.</param>
    /// <param name="lingersFor">The external system's longest delay.</param>
    /// <returns>Whether it runs once more.</returns>
    public static bool RunAgain(DecisionDraft draft, StepRun step, TimeSpan lingersFor)
    {
        // What was taken before may have acted before. The time of its dispatch says less where the registry's clock was set back since.
        if (lingersFor <= TimeSpan.Zero || step.UncertainAt + lingersFor is not { } until || !((step.TakenAt ?? step.DispatchedAt) < until))
            return false;
        var due = until > draft.Now ? until : draft.Now;
        draft.Replace(step with { Status = step.Status.In(StepPhase.Waiting), FinishedAt = draft.Now, DueAt = due, DeferredBy = null });
        draft.Line(HistoryEvents.CompensationAgain, step, new { at = due, uncertainSince = step.UncertainAt });
        return true;
    }

    /// <summary>When a compensation stalls.</summary>
    /// <remarks>A compensation that started under an older version has a deadline of minutes, so its time counts from its start.</remarks>
    public static DateTimeOffset Deadline(DecisionDraft draft, StepRun step, StepDefinition definition)
    {
        var end = step.StartedAt + draft.CompensationTime(definition) ?? draft.Now;
        return step.Deadline > end ? step.Deadline.Value : end;
    }

    /// <summary>How long a compensation may be deferred. It does not give up on an outage before its own time is used up.</summary>
    public static TimeSpan DeferredAtMost(DecisionDraft draft, StepDefinition definition) =>
        draft.CompensationTime(definition) > definition.DeferredAtMost ? draft.CompensationTime(definition) : definition.DeferredAtMost;

    /// <summary>
    /// Whether the product's workflow begins with the step, and its compensation undoes what the acceptance wrote: only a team's own steps
    /// and waits come before it.
    /// </summary>
    public static bool IsFirst(WorkflowDefinition workflow, StepDefinition step) =>
        step.Kind == StepKind.Compensatable && !IsPassedOver(step) && workflow.Before(step.Name).All(name => IsPassedOver(workflow.Steps.First(s => s.Name == name)));

    private static bool IsPassedOver(StepDefinition step) => step.Wait is not null || CustomNames.IsStep(step.Name);


    private static bool AreDependentsUndone(DecisionDraft draft, StepDefinition definition) =>
        draft.Workflow.Steps.Where(s => s.After.Contains(definition.Name, StringComparer.Ordinal)).All(d => IsUndone(draft, d));

    private static bool IsUndone(DecisionDraft draft, StepDefinition definition) => draft.Run(definition.Name).Status switch
    {
        // A wait has no effect of its own, but what came after it may have.
        _ when definition.Wait is not null => AreDependentsUndone(draft, definition),
        { Phase: StepPhase.Skipped } => true,
        { Direction: Direction.Back, Phase: StepPhase.Done } => true,
        // An operator may skip a step, or its compensation, while what comes after it is still there.
        { Direction: Direction.Back, Phase: StepPhase.Waived } => AreDependentsUndone(draft, definition),
        { Direction: Direction.Forward, Phase: StepPhase.Waived } => !draft.Run(definition.Name).MayHaveActed && AreDependentsUndone(draft, definition),
        { Direction: Direction.Forward, Phase: StepPhase.Failed } => definition.Kind != StepKind.Compensatable,
        { Phase: StepPhase.Pending } => !draft.Run(definition.Name).MayHaveActed,
        _ => false,
    };
}
