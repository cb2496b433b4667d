namespace Saga.Engine.Operations;

/// <summary>The phase of a step in its direction.</summary>
public enum StepPhase
{
    /// <summary>Never dispatched.</summary>
    Pending,

    /// <summary>Dispatched to its worker, without a result yet.</summary>
    Dispatched,

    /// <summary>An attempt failed; the next one is due later.</summary>
    Waiting,

    /// <summary>An external system is unavailable; the attempt did not count, and the next one is due later.</summary>
    Deferred,

    /// <summary>Waits for a time, an approval or a signal; no worker runs it. Forward only.</summary>
    Awaiting,

    Done,

    /// <summary>Failed permanently. In the forward direction, its possible effects are not undone yet.</summary>
    Failed,

    /// <summary>Never ran and never will.</summary>
    Skipped,

    /// <summary>Skipped by an operator: it counts as done, or as undone, although it is not.</summary>
    Waived,
}
