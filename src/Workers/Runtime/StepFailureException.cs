using Saga.Contracts.Failures;
using Saga.Contracts.Steps;

namespace Saga.Workers.Runtime;

/// <summary>A step failed for a known reason. The thrower decides the failure's kind.</summary>
public sealed class StepFailureException(Failure failure, Exception? cause = null) : Exception(failure.Message, cause)
{
    public Failure Failure { get; } = failure;

    /// <summary>When the external system asks to be called again, if it said so.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The attempt may still take effect, although its kind does not say so: its call had no answer.</summary>
    public bool OutcomeUnknown { get; init; }

    /// <summary>The call may have taken effect anyway: there was no answer, or an inconclusive one.</summary>
    public bool MayHaveActed => Failure.Kind is FailureKind.Outage or FailureKind.Transient;

    public static StepFailureException Of(FailureKind kind, string code, string message, string? remedy = null, string? system = null, Exception? cause = null) =>
        new(new Failure { Code = code, Message = message, Remedy = remedy, System = system, Kind = kind }, cause);

    /// <inheritdoc cref="FailureKind.Transient"/>
    public static StepFailureException Transient(string code, string message, string? remedy = null, string? system = null, Exception? cause = null) =>
        Of(FailureKind.Transient, code, message, remedy, system, cause);

    /// <inheritdoc cref="FailureKind.Permanent"/>
    public static StepFailureException Permanent(string code, string message, string? remedy = null, string? system = null, Exception? cause = null) =>
        Of(FailureKind.Permanent, code, message, remedy, system, cause);

    /// <inheritdoc cref="FailureKind.Outage"/>
    public static StepFailureException Outage(string code, string message, string system, string? remedy = null, Exception? cause = null) =>
        Of(FailureKind.Outage, code, message, remedy, system, cause);

    /// <inheritdoc cref="FailureKind.Overload"/>
    public static StepFailureException Overload(
        string code, string message, string system, string? remedy = null, TimeSpan? retryAfter = null, Exception? cause = null) =>
        new(new Failure { Code = code, Message = message, Remedy = remedy, System = system, Kind = FailureKind.Overload }, cause) { RetryAfter = retryAfter };
}
