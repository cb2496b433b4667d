namespace Saga.Contracts.CustomSteps;

/// <summary>
/// A team's own step in a workflow. It is run by the team's own worker, or by calls to an https endpoint, or it waits. The registry keeps the
/// list of these steps in versions; an operation keeps the one that it began with.
/// </summary>
public sealed record CustomStep
{
    /// <summary>At least three parts, such as <c>acme.account.open</c>, so that it never meets a step of this product.</summary>
    public required string Name { get; init; }

    /// <summary>The kind of operation that it is a part of, such as <c>provision</c>.</summary>
    public required string Workflow { get; init; }

    /// <summary>The steps that must succeed before it.</summary>
    public IReadOnlyList<string> After { get; init; } = [];

    /// <summary>The steps that wait for it.</summary>
    public IReadOnlyList<string> Before { get; init; } = [];

    /// <summary>
    /// Whether it may run when the operation only goes forward. It is then repeated until it succeeds or stalls, and is never compensated.
    /// Otherwise it runs before the pivot, which waits for it.
    /// </summary>
    public bool AfterPivot { get; init; }

    /// <summary>The steps whose outputs it gets. Each must come before it.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];

    /// <summary>Whether it gets the command as accepted, which may contain personal data.</summary>
    public bool NeedsInput { get; init; }

    /// <summary>The team's worker, such as <c>acme-accounts</c>; null for a step that calls an endpoint or waits.</summary>
    public string? Worker { get; init; }

    /// <summary>The endpoint; null for every other step.</summary>
    public HttpCall? Http { get; init; }

    /// <summary>What it waits for; null for a step that is run.</summary>
    public CustomWait? Wait { get; init; }

    /// <summary>The most forward attempts; 5 when absent.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>How long one attempt may take; 60 when absent.</summary>
    public int? TimeoutSeconds { get; init; }

    /// <summary>How long all forward attempts may take together; 600 when absent, or the timeout if that is longer.</summary>
    public int? DeadlineSeconds { get; init; }

    /// <summary>Makes an attempt last as long as it reports progress: it ends this long after the last one, instead of after the timeout.</summary>
    public int? StallAfterSeconds { get; init; }
}
