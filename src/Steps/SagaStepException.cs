using Saga.Contracts.Failures;

namespace Saga.Steps;

/// <summary>A step failed for a reason that it understands. Its kind decides whether there is another attempt.</summary>
/// <param name="kind">What the failure means.</param>
/// <param name="code">Stable and machine-readable, such as <c>crm-account-taken</c>; failures are grouped by it.</param>
/// <param name="message">Names the thing that failed. Never contains a secret.</param>
/// <param name="cause">The error that it was made from.</param>
public sealed class SagaStepException(FailureKind kind, string code, string message, Exception? cause = null) : Exception(message, cause)
{
    public FailureKind Kind { get; } = kind;

    public string Code { get; } = code;

    /// <summary>What an operator can do.</summary>
    public string? Remedy { get; init; }

    /// <summary>The external system that failed, one of <see cref="ISagaStep.Systems"/>. Required for an outage and for overload.</summary>
    public string? System { get; init; }

    /// <summary>When the external system asks to be called again, if it said so.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the call may have taken effect all the same. Always true for an outage.</summary>
    public bool OutcomeUnknown { get; init; }
}
