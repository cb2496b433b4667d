namespace Saga.Contracts.Steps;

/// <summary>Why a step failed, in words for an operator.</summary>
public sealed record Failure
{
    /// <summary>Stable and machine-readable, such as <c>server-full</c>; failures are grouped by it.</summary>
    public required string Code { get; init; }

    /// <summary>Names the thing that failed. Never holds a secret.</summary>
    public required string Message { get; init; }

    /// <summary>What the operator can do.</summary>
    public string? Remedy { get; init; }

    /// <summary>Whether the same attempt may succeed later.</summary>
    public required bool Transient { get; init; }

    /// <summary>The outside system that failed, such as <c>postgresql:eu-1</c>.</summary>
    public string? System { get; init; }
}
