using Saga.Engine.Operations;
using Saga.Engine.Workflows;

namespace Saga.Engine.Decisions;

/// <summary>Cancels an operation, or says why it cannot be cancelled.</summary>
internal static class CancelDecisions
{
    public static void Cancel(DecisionDraft draft, Progress before, Cancellation cancellation)
    {
        if (CancelRules.WhyNot(draft.Workflow, before) is { } why)
        {
            draft.Line(new(HistoryEvents.CancelRefused, Data: new { cancellation.Actor, cancellation.Reason, why }));
            return;
        }

        draft.Cancellation = cancellation;
        draft.Line(new(HistoryEvents.CancelRequested, Data: cancellation));
        BackDecisions.StartCompensation(draft, null, EngineFailures.Cancelled(cancellation));
        if (before is { State: OperationState.Accepted, WroteOnAcceptance: true })
            UndoAcceptance(draft);
        BackDecisions.Advance(draft);
    }

    // No step has run, but the first steps' compensations also undo what the acceptance wrote, such as the names of a new tenant.
    private static void UndoAcceptance(DecisionDraft draft)
    {
        foreach (var first in draft.Workflow.Steps.Where(s => s is { Wait: null, Kind: StepKind.Compensatable } && IsFirst(draft, s)))
            draft.Send(draft.Run(first.Name), Direction.Back, attempt: 1);
    }

    // A wait does nothing, so a step is also the first one if only waits come before it.
    private static bool IsFirst(DecisionDraft draft, StepDefinition step) =>
        step.After.All(before => draft.Definition(before) is { Wait: not null } wait && IsFirst(draft, wait));
}
