namespace Saga.Engine.Operations;

public static class OperationStates
{
    /// <summary>Where the operation's steps go; null while nothing of it is in motion.</summary>
    public static Direction? Direction(this OperationState state) => state switch
    {
        OperationState.Running => Operations.Direction.Forward,
        OperationState.Compensating => Operations.Direction.Back,
        _ => null,
    };
}
