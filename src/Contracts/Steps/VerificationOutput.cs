namespace Saga.Contracts.Steps;

/// <summary>The output of <see cref="StepNames.CheckTenant"/>: what was checked, and what failed. Stored with the operation and shown by the API.</summary>
public sealed record VerificationOutput
{
    /// <summary>Whether every check passed.</summary>
    public required bool Passed { get; init; }

    /// <summary>Every check, by name.</summary>
    public required IReadOnlyList<VerificationCheck> Checks { get; init; }
}

/// <summary>One check of a tenant.</summary>
public sealed record VerificationCheck
{
    /// <summary>What was checked, such as <c>database</c>.</summary>
    public required string Name { get; init; }

    public required bool Passed { get; init; }

    /// <summary>Why it failed, and what can be done; null when it passed.</summary>
    public Failure? Failure { get; init; }
}
