namespace Saga.Engine.Waits;

/// <summary>
/// Makes a step wait instead of work. No worker runs it, the operation gives its slot back meanwhile, and nothing of it is undone. An
/// operator may end a wait for a time or a signal early.
/// </summary>
public sealed record WaitDefinition
{
    public required WaitKind For { get; init; }

    /// <summary>For a time: how long it waits from the moment the step begins. Or set <see cref="UntilOutputOf"/>.</summary>
    public TimeSpan? Lasts { get; init; }

    /// <summary>For a time: the earlier step whose output, a <see cref="Saga.Contracts.Steps.WaitUntilOutput"/>, names the time.</summary>
    public string? UntilOutputOf { get; init; }

    /// <summary>For a signal: its name, which no other step of the workflow waits for.</summary>
    public string? Signal { get; init; }

    /// <summary>For an approval or a signal: after this time without one, the step fails permanently. Null to wait without a limit.</summary>
    public TimeSpan? AtMost { get; init; }
}
