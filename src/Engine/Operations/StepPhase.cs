namespace Saga.Engine.Operations;

/// <summary>How far a step has come in its direction.</summary>
public enum StepPhase
{
    /// <summary>Never dispatched.</summary>
    Pending,

    /// <summary>A message was sent to its worker; the result is awaited.</summary>
    Dispatched,

    /// <summary>An attempt failed; the next one is due later.</summary>
    Waiting,

    /// <summary>An external system is unavailable; the attempt did not count, and the next one is due later.</summary>
    Deferred,

    Done,

    /// <summary>Failed permanently. Forward, what it may have done is yet to be undone.</summary>
    Failed,

    /// <summary>Never ran, and will not.</summary>
    Skipped,
}
