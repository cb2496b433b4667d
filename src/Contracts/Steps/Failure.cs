using Saga.Contracts.Failures;

namespace Saga.Contracts.Steps;

/// <summary>Why a step failed, for operators.</summary>
public sealed record Failure
{
    private readonly FailureKind? kind;

    /// <summary>Stable and machine-readable, such as <c>server-full</c>; failures are grouped by it.</summary>
    public required string Code { get; init; }

    /// <summary>Names the thing that failed. Never contains a secret.</summary>
    public required string Message { get; init; }

    /// <summary>What the operator can do.</summary>
    public string? Remedy { get; init; }

    /// <summary>Defaults to transient: another attempt may help, and the number of attempts is limited.</summary>
    public FailureKind Kind
    {
        get => kind ?? FailureKind.Transient;
        init => kind = value;
    }

    /// <summary>
    /// Whether the same attempt may succeed later: true for every kind except <see cref="FailureKind.Permanent"/>. Messages and rows of
    /// older versions have this instead of <see cref="Kind"/>. It is ignored when <see cref="Kind"/> is present.
    /// </summary>
    public bool Transient
    {
        get => Kind != FailureKind.Permanent;
        init => kind ??= value ? FailureKind.Transient : FailureKind.Permanent;
    }

    /// <summary>The external system that failed, such as <c>postgresql:eu-1</c>.</summary>
    public string? System { get; init; }
}
