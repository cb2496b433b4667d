using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;

namespace Saga.Engine.Decisions;

/// <summary>What an operation does while it moves forward.</summary>
internal static class ForwardDecisions
{
    /// <summary>Dispatches the steps whose predecessors have succeeded. Completes the operation when all steps have, and stalls it when none can run.</summary>
    public static void Advance(DecisionDraft draft)
    {
        foreach (var definition in draft.Workflow.Steps)
        {
            if (draft.Run(definition.Name).Status.Phase == StepPhase.Pending && definition.After.All(a => draft.Run(a).Status == StepStatus.Succeeded))
                draft.Send(draft.Run(definition.Name), Direction.Forward, attempt: 1);
        }

        if (draft.Steps.All(s => s.Status == StepStatus.Succeeded))
            draft.Finish(OperationState.Completed, HistoryEvents.Completed);
        else if (draft.InMotion().Count == 0)
            draft.Stall();
    }

    /// <summary>Whether the operation may compensate after this step failed for the last time.</summary>
    /// <remarks>A pivot that reported a permanent failure did nothing. One that never reported may have taken effect, so nothing is assumed.</remarks>
    public static bool MayCompensate(StepDefinition step, Failure reason) => !EngineFailures.OnlyStalls(reason) && step.Kind switch
    {
        StepKind.Compensatable => true,
        StepKind.Pivot => reason.Kind == FailureKind.Permanent,
        _ => false,
    };
}
