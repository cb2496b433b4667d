using Saga.Contracts.Failures;

namespace Saga.Contracts.Steps;

/// <summary>Why a step failed, in words for an operator.</summary>
public sealed record Failure
{
    private readonly FailureKind? kind;

    /// <summary>Stable and machine-readable, such as <c>server-full</c>; failures are grouped by it.</summary>
    public required string Code { get; init; }

    /// <summary>Names the thing that failed. Never holds a secret.</summary>
    public required string Message { get; init; }

    /// <summary>What the operator can do.</summary>
    public string? Remedy { get; init; }

    /// <summary>Transient unless it is said: another attempt may help, and attempts are bounded.</summary>
    public FailureKind Kind
    {
        get => kind ?? FailureKind.Transient;
        init => kind = value;
    }

    /// <summary>
    /// Whether the same attempt may succeed later: everything but <see cref="FailureKind.Permanent"/>. Messages and rows of older
    /// versions have this instead of <see cref="Kind"/>; beside it, it says nothing.
    /// </summary>
    public bool Transient
    {
        get => Kind != FailureKind.Permanent;
        init => kind ??= value ? FailureKind.Transient : FailureKind.Permanent;
    }

    /// <summary>The external system that failed, such as <c>postgresql:eu-1</c>.</summary>
    public string? System { get; init; }
}
