using Saga.Contracts.Steps;

namespace Saga.Workers.Runtime;

/// <summary>A step failed for a known reason; the thrower decides whether another attempt may help.</summary>
public sealed class StepFailureException(Failure failure, Exception? cause = null) : Exception(failure.Message, cause)
{
    public Failure Failure { get; } = failure;

    /// <summary>The same attempt may succeed later.</summary>
    public static StepFailureException Transient(string code, string message, string? remedy = null, string? system = null, Exception? cause = null) =>
        new(new Failure { Code = code, Message = message, Remedy = remedy, System = system, Transient = true }, cause);

    /// <summary>No second attempt: it would fail again.</summary>
    public static StepFailureException Permanent(string code, string message, string? remedy = null, string? system = null, Exception? cause = null) =>
        new(new Failure { Code = code, Message = message, Remedy = remedy, System = system, Transient = false }, cause);
}
