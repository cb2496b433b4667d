using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Replays;

namespace Saga.Engine.Decisions;

/// <summary>Carries out an operator's order, or says why it cannot be carried out any more.</summary>
internal static class ReplayDecisions
{
    public static void Replay(DecisionDraft draft, Progress before, ReplayRequested request)
    {
        var planned = ReplayRules.Plan(draft.Workflow, before, request.Order) as ReplayAnswer.Planned;
        if (planned is null || planned.Plan.Digest != request.Plan)
        {
            draft.Line(new(HistoryEvents.ReplayRefused, Data: new { by = request.Actor, why = "The operation has changed since the order was accepted." }));
            return;
        }

        var plan = planned.Plan;
        draft.Line(new(HistoryEvents.Replayed, Data: new { by = request.Actor, request.Reason, steps = plan.Steps, states = request.Order.States }));
        if (plan.Direction == Direction.Forward)
            Forward(draft, plan, request);
        else if (ReplayRules.StalledIn(before) == Direction.Back)
            GoOnUndoing(draft, plan, request);
        else
            BeginUndoing(draft, plan, request);
    }

    private static void Forward(DecisionDraft draft, ReplayPlan plan, ReplayRequested request)
    {
        draft.State = OperationState.Running;
        draft.Failure = null;
        var repeated = request.Order.From is { } from ? draft.Workflow.After(from) : new HashSet<string>();
        foreach (var step in draft.Steps.ToList())
        {
            if (plan[step.Name] == ReplayAction.Skipped)
                Waive(draft, step, plan.Skipped.First(s => s.Step == step.Name), StepStatus.Waived, HistoryEvents.StepWaived, request);
            // A step that waits goes on waiting, unless what it comes after runs again.
            else if (plan[step.Name] == ReplayAction.Runs && (!step.Status.IsAwaiting || repeated.Contains(step.Name)))
                draft.Replace(Anew(step) with { Status = StepStatus.Pending, FinishedAt = null, Failure = null, Output = null });
        }

        ForwardDecisions.Advance(draft);
    }

    private static void BeginUndoing(DecisionDraft draft, ReplayPlan plan, ReplayRequested request)
    {
        BackDecisions.StartCompensation(draft, null, EngineFailures.Undone(request));
        Skip(draft, plan, request);
        BackDecisions.Advance(draft);
    }

    private static void GoOnUndoing(DecisionDraft draft, ReplayPlan plan, ReplayRequested request)
    {
        draft.State = OperationState.Compensating;
        Skip(draft, plan, request);
        // As before its compensation was dispatched, so that it is dispatched again when it is its turn.
        foreach (var step in draft.Steps.Where(s => plan[s.Name] == ReplayAction.Undone && s.Status is { IsBack: true, Phase: StepPhase.Done or StepPhase.Failed }).ToList())
            draft.Replace(Anew(step) with { Status = StepStatus.Failed });
        BackDecisions.Advance(draft);
    }

    private static void Skip(DecisionDraft draft, ReplayPlan plan, ReplayRequested request)
    {
        foreach (var skipped in plan.Skipped)
            Waive(draft, draft.Run(skipped.Step), skipped, StepStatus.CompensationWaived, HistoryEvents.CompensationWaived, request);
    }

    private static void Waive(DecisionDraft draft, StepRun step, SkippedStep skipped, StepStatus status, string line, ReplayRequested request)
    {
        draft.Replace(Anew(step) with
        {
            Status = status,
            FinishedAt = draft.Now,
            // What a step returned that is not undone is still true.
            Output = status.IsBack ? step.Output : skipped.Output,
        });
        draft.Line(line, step, new { by = request.Actor, skipped.Reason, skipped.Output });
    }

    // Attempts, times and losses count from now on; the fencing token goes on growing.
    private static StepRun Anew(StepRun step) => step with
    {
        Attempt = 0,
        StartedAt = null,
        DueAt = null,
        Deadline = null,
        DeferredBy = null,
        DeferredSince = null,
        DeferredTimes = 0,
        LostInARow = 0,
    };
}
