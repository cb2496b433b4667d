namespace Saga.Engine.Operations;

/// <summary>Whether a step is being done or undone.</summary>
public enum Direction
{
    Forward,
    Back,
}
