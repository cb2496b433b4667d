using Saga.Engine.Operations;

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
        BackDecisions.Advance(draft);
    }
}
