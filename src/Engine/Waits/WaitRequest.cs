namespace Saga.Engine.Waits;

/// <summary>An answer, and which step it is for.</summary>
public sealed record WaitRequest
{
    public required WaitAnswer Answer { get; init; }

    /// <summary>The step. Without it, an approval or a rejection is for the only step that waits for one.</summary>
    public string? Step { get; init; }

    /// <summary>The signal's name; null for other answers.</summary>
    public string? Signal { get; init; }
}

/// <summary>What a request finds.</summary>
public abstract record WaitMatch
{
    private WaitMatch()
    {
    }

    /// <summary>The answer is for this step.</summary>
    /// <param name="Step">The step's name in the workflow.</param>
    /// <param name="Awaiting">Whether it waits already. Otherwise the answer is kept until it does.</param>
    public sealed record Found(string Step, bool Awaiting) : WaitMatch;

    /// <summary>The step has this very answer already.</summary>
    public sealed record Repeated(string Step) : WaitMatch;

    /// <summary>Nothing waits for the answer.</summary>
    /// <param name="Why">Whole sentences for the caller.</param>
    public sealed record Unmatched(string Why) : WaitMatch;
}
