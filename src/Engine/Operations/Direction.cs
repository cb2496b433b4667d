namespace Saga.Engine.Operations;

/// <summary>Whether a step is being executed or compensated.</summary>
public enum Direction
{
    Forward,
    Back,
}
