namespace Saga.Engine.Operations;

public static class OperationStates
{
    /// <summary>The direction of the operation's steps; null while none is in progress.</summary>
    public static Direction? Direction(this OperationState state) => state switch
    {
        OperationState.Running => Operations.Direction.Forward,
        OperationState.Compensating => Operations.Direction.Back,
        _ => null,
    };
}
