using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Workers.Runtime;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>How a step of one operation fails.</summary>
/// <param name="Step">The step.</param>
/// <param name="Kind">The way.</param>
internal sealed record StepFault(StepDefinition Step, StepFaultKind Kind)
{
    private volatile bool thrown;
    private volatile bool mended;

    /// <summary>Each step of the workflow that a worker runs, in each way.</summary>
    public static IReadOnlyList<StepFault> Of(WorkflowDefinition workflow) =>
        [.. workflow.Steps.Where(s => s.Wait is null).SelectMany(s => Enum.GetValues<StepFaultKind>().Select(k => new StepFault(s, k)))];

    /// <summary>How the operation must end, before it is replayed.</summary>
    public OperationState Ends => (Kind, Step.Kind) switch
    {
        (not StepFaultKind.Permanent, _) => OperationState.Completed,
        (_, StepKind.Retriable) => OperationState.Stalled,
        _ => OperationState.Compensated,
    };

    /// <summary>Whether it has failed.</summary>
    public bool HasFailed => thrown;

    /// <summary>From now on the step does not fail.</summary>
    public void Mend() => mended = true;

    /// <summary>Throws when it is time to.</summary>
    /// <param name="step">The step that runs.</param>
    /// <param name="call">The number of its call, from 1.</param>
    /// <param name="acted">Whether it has taken effect.</param>
    public void Act(string step, int call, bool acted)
    {
        if (step != Step.Name || mended)
            return;
        Exception? error = Kind switch
        {
            StepFaultKind.Transient when !acted && call <= 2 => StepFailureException.Transient("told-to-fail", "The test wants it so."),
            // Not the first call, which the worker may defer before it acts.
            StepFaultKind.Late when acted && !thrown => new TimeoutException("The answer is lost."),
            // A pivot that says that it failed permanently has done nothing.
            StepFaultKind.Permanent when acted != (Step.Kind == StepKind.Pivot) => StepFailureException.Permanent("told-to-fail", "The test wants it so."),
            _ => null,
        };
        if (error is null)
            return;
        thrown = true;
        throw error;
    }

    public override string ToString() => $"{Step.Name}, {Kind}";
}

internal enum StepFaultKind
{
    /// <summary>It fails twice before it acts.</summary>
    Transient,

    /// <summary>It acts and loses its answer, once.</summary>
    Late,

    /// <summary>It acts and fails permanently.</summary>
    Permanent,
}
