namespace Saga.Contracts.Steps;

/// <summary>The output of a step of a repair: what became of each finding that was the step's to repair.</summary>
public sealed record DriftRepairOutput
{
    public required IReadOnlyList<RepairedFinding> Items { get; init; }
}

/// <summary>What became of one finding.</summary>
public sealed record RepairedFinding
{
    /// <summary>The finding.</summary>
    public required Guid Finding { get; init; }

    public required string Resource { get; init; }

    public required string Name { get; init; }

    /// <summary>
    /// <c>repaired</c>, <c>quarantined</c>, <c>alreadyGone</c> (the difference was not there any more, and nothing was touched), <c>leftAlone</c> (another
    /// operation may be at work), or <c>notRepaired</c>.
    /// </summary>
    public required string Outcome { get; init; }

    /// <summary>Why it was not repaired, or what is there instead of the difference, and what a person does.</summary>
    public string? Words { get; init; }

    /// <summary>The quarantine that it is in, or that it was about to enter when it vanished.</summary>
    public Guid? Quarantine { get; init; }
}

/// <summary>The output of a step that ends a quarantine.</summary>
public sealed record QuarantineOutput
{
    /// <summary><c>released</c>, <c>removed</c>, <c>left</c>, or the state of a quarantine that the step did not end, because something was done about it meanwhile.</summary>
    public required string Outcome { get; init; }

    /// <summary>Why it was left where it is, or not removed.</summary>
    public string? Words { get; init; }
}
