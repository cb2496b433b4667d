using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;

namespace Saga.Engine.Decisions;

/// <summary>What an operation does while it moves forward.</summary>
internal static class ForwardDecisions
{
    /// <summary>
    /// Dispatches the steps for which all that is before them has succeeded or was skipped, or begins to wait. Completes the operation when all steps have succeeded or were skipped by an operator, and
    /// stalls it when none can run. One with a failed step stalls although others still wait, because an operator must not see it only
    /// days later.
    /// </summary>
    public static void Advance(DecisionDraft draft)
    {
        foreach (var definition in draft.Workflow.Steps)
        {
            var step = draft.Run(definition.Name);
            if (step.Status.Phase != StepPhase.Pending || !definition.After.All(a => HasPassed(draft, a)))
                continue;
            if (definition.Wait is { } wait)
                WaitDecisions.Begin(draft, step, wait);
            else
                draft.Send(step, Direction.Forward, attempt: 1);
        }

        var moving = draft.InMotion();

        if (draft.Steps.All(s => s.Status.IsPassed))
            draft.Finish(OperationState.Completed, HistoryEvents.Completed);
        else if (moving.Count == 0 || (moving.TrueForAll(s => s.Status.IsAwaiting) && draft.Steps.Any(s => s.Status.Phase == StepPhase.Failed)))
            draft.Stall();
    }

    // An operator may skip a step that was not reached yet. What comes after it still comes after everything that is before it.
    private static bool HasPassed(DecisionDraft draft, string name) => draft.Run(name).Status is var status
        && (status == StepStatus.Succeeded || (status == StepStatus.Waived && draft.Workflow.Steps.First(s => s.Name == name).After.All(a => HasPassed(draft, a))));

    /// <summary>Whether the operation may compensate after this step failed for the last time.</summary>
    /// <remarks>A pivot that reported a permanent failure did nothing. One that never reported may have taken effect, so nothing is assumed.</remarks>
    public static bool MayCompensate(StepDefinition step, Failure reason) => !EngineFailures.OnlyStalls(reason) && step.Kind switch
    {
        StepKind.Compensatable => true,
        StepKind.Pivot => reason.Kind == FailureKind.Permanent,
        _ => false,
    };
}
