using Saga.Engine.Decisions;
using Saga.Engine.Operations;

namespace Saga.Tests.Unit.Engine;

/// <summary>An operation in any state, with a step in any status. A sibling of that step is at work, and a successor is still to come.</summary>
internal static class Positions
{
    /// <summary>The fence of the step under test.</summary>
    public const long Fence = 5;

    public static Run In(OperationState state, StepStatus status)
    {
        var run = new Run(Graph.Of(status.IsAwaiting ? Graph.Approval("step") : Graph.Step("step") with { Worker = "shared" }, Graph.Step("sibling"), Graph.Step("after", "step") with { Worker = "shared" }));
        var now = run.Time.GetUtcNow();
        var motion = state == OperationState.Compensating ? StepStatus.Compensating : StepStatus.Running;
        if (state == OperationState.Accepted)
            return run;
        run.Progress = new Progress(
            state,
            [
                new StepRun
                {
                    Name = "step", Status = status, Fence = Fence, Attempt = 2, StartedAt = now, DispatchedAt = now, DueAt = now + TimeSpan.FromSeconds(20),
                    Deadline = now + TimeSpan.FromMinutes(1),
                },
                new StepRun
                {
                    Name = "sibling", Status = motion, Fence = 9, Attempt = 1, StartedAt = now, DispatchedAt = now, DueAt = now + TimeSpan.FromSeconds(60),
                    Deadline = now + TimeSpan.FromMinutes(1),
                },
                new StepRun { Name = "after", Status = state == OperationState.Compensating ? StepStatus.Skipped : StepStatus.Pending },
            ],
            null);
        return run;
    }
}
