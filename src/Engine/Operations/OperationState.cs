namespace Saga.Engine.Operations;

/// <summary>The state of an operation. <see cref="OperationStateNames"/> defines the spellings.</summary>
public enum OperationState
{
    /// <summary>Durable, but not started.</summary>
    Accepted,

    Running,

    /// <summary>The completed steps are being undone.</summary>
    Compensating,

    /// <summary>Waits for an operator.</summary>
    Stalled,

    Completed,

    /// <summary>Failed, and everything was undone.</summary>
    Compensated,

    /// <summary>Cancelled before its pivot, and everything that ran was undone.</summary>
    Cancelled,
}
