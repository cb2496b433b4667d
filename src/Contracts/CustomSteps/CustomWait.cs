namespace Saga.Contracts.CustomSteps;

/// <summary>A step that waits, and that nobody runs.</summary>
public sealed record CustomWait
{
    /// <summary>Until a platform admin approves it. A rejection is a permanent failure of the step.</summary>
    public const string Approval = "approval";

    /// <summary>Until a signal comes. One that comes before the step begins is kept.</summary>
    public const string Signal = "signal";

    /// <summary>Until a time has passed.</summary>
    public const string Time = "time";

    /// <summary>What a step can wait for.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [Approval, Signal, Time];

    /// <summary>One of <see cref="Kinds"/>.</summary>
    public required string For { get; init; }

    /// <summary>The signal's name, which no other step of the workflow waits for; null for the others.</summary>
    public string? Name { get; init; }

    /// <summary>
    /// For a time: how long it waits from the moment the step begins. For an approval or a signal: after this time without one, the step fails
    /// permanently.
    /// </summary>
    public required int? WithinSeconds { get; init; }
}
