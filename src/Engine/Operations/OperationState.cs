namespace Saga.Engine.Operations;

/// <summary>Where an operation stands. <see cref="OperationStateNames"/> has the words.</summary>
public enum OperationState
{
    /// <summary>Durable, not begun.</summary>
    Accepted,

    Running,

    /// <summary>Turned round: what was done is being undone.</summary>
    Compensating,

    /// <summary>Waits for an operator.</summary>
    Stalled,

    Completed,

    /// <summary>Failed, and everything was undone.</summary>
    Compensated,

    /// <summary>Ended by an operator before anything was done.</summary>
    Cancelled,
}
