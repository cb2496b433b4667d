using Saga.Engine.Operations;

namespace Saga.Engine.Decisions;

/// <summary>What happens to steps without a report: attempts that are over, dispatches that nobody took, attempts that are due, and waits that end.</summary>
internal sealed class DueDecisions(DecisionDraft draft, DecisionBuilder builder, DispatchRules rules, WorkerResults results)
{
    public void Wake()
    {
        var moving = draft.InMotion();
        GiveUp(moving);
        EndWaits(moving);
        // Done afterwards, because an abandoned attempt or a rejection may have made the operation compensate, and no step is sent twice in one decision.
        foreach (var step in moving.Where(s => !s.Status.IsAwaiting && draft.Moves(s)))
        {
            if (!step.Status.IsDispatched && step.DueAt <= draft.Now)
                draft.Send(step, step.Status.Direction, step.Attempt + 1);
            else if (step.Status.IsDispatched)
                CheckDispatch(step);
        }
    }

    public void Redispatch()
    {
        var moving = draft.InMotion().FindAll(s => s.Status.IsDispatched);
        GiveUp(moving);
        foreach (var step in moving.Where(draft.Moves))
        {
            if (step.TakenAt is null)
                draft.Redeliver(step);
            else if (step.LostAt is null && draft.Run(step.Name) == step)
                draft.Send(draft.Uncertain(step, true), step.Status.Direction, step.Attempt);
        }
    }

    private void EndWaits(List<StepRun> moving)
    {
        if (draft.State != OperationState.Running)
            return;
        if (moving.FindAll(s => s.Status.IsAwaiting && s.DueAt <= draft.Now) is { Count: > 0 } due)
        {
            WaitDecisions.End(draft, due);
            builder.Advance();
        }
    }

    // Gives up attempts whose time is over or whose worker is lost.
    private void GiveUp(List<StepRun> moving)
    {
        foreach (var step in moving.Where(s => s.Status.IsDispatched && draft.Moves(s)))
        {
            switch (DispatchCheck.Of(step, draft.Definition(step.Name), draft.Now).Finding)
            {
                case DispatchFinding.TimedOut:
                    builder.Fail(step, EngineFailures.TimedOut(step, draft.Definition(step.Name)), timedOut: true);
                    break;
                case DispatchFinding.WorkerLost:
                    var times = step.LostInARow + 1;
                    var poisonous = times >= rules.PoisonousAfter && results.AnySince(draft.Definition(step.Name).Worker, step.TakenAt!.Value);
                    builder.Fail(step, poisonous ? EngineFailures.PoisonousStep(step, times) : EngineFailures.Lost(step), timedOut: false, lost: true);
                    break;
            }
        }
    }

    private void CheckDispatch(StepRun step)
    {
        var (finding, lookAt) = DispatchCheck.Of(step, draft.Definition(step.Name), draft.Now);
        if (finding == DispatchFinding.Undelivered)
            draft.Redeliver(step);
        else if (finding == DispatchFinding.UnderWay)
            draft.Replace(step with { DueAt = lookAt });
    }
}
