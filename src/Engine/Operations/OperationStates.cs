namespace Saga.Engine.Operations;

public static class OperationStates
{
    /// <summary>Whether the operation never changes again. A stalled one may.</summary>
    public static bool HasEnded(this OperationState state) => state is OperationState.Completed or OperationState.Compensated or OperationState.Cancelled;

    /// <summary>The direction of the operation's steps; null while none is in progress.</summary>
    public static Direction? Direction(this OperationState state) => state switch
    {
        OperationState.Running => Operations.Direction.Forward,
        OperationState.Compensating => Operations.Direction.Back,
        _ => null,
    };
}
