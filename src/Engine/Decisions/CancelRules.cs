using Saga.Engine.Operations;
using Saga.Engine.Workflows;

namespace Saga.Engine.Decisions;

/// <summary>
/// Whether an operation can be cancelled. The engine asks in the operation's own transaction, and that answer counts. Others may refuse
/// a request early: an operation that cannot be cancelled never can be again.
/// </summary>
public static class CancelRules
{
    /// <returns>Why it cannot be cancelled, as a sentence; null when it can.</returns>
    public static string? WhyNot(WorkflowDefinition workflow, Progress progress)
    {
        if (progress.State.HasEnded())
            return $"The operation has ended: it is {OperationStateNames.Of(progress.State)}.";
        if (workflow.ForwardOnly)
            return "The command took effect when it was accepted, so its operation only goes forward.";
        var pivot = workflow.Steps.FirstOrDefault(s => s.Kind == StepKind.Pivot);
        if (pivot is not null && progress.Steps.First(s => s.Name == pivot.Name) is { Fence: > 0 })
            return $"The operation has reached its pivot, step '{pivot.Name}', after which it only goes forward.";
        return progress.State == OperationState.Compensating || progress.Steps.Any(s => s.Status.IsBack)
            ? "The operation failed, and what it did is already being undone."
            : null;
    }
}
