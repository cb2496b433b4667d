namespace Saga.Engine;

/// <summary>
/// What an engine understands of workflows and messages. It grows with each version that adds to it, so that a newer process knows
/// what an older one beside it does not.
/// </summary>
public static class EngineLevel
{
    public const int Current = 1;
}
