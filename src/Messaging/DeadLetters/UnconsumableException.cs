namespace Saga.Messaging.DeadLetters;

/// <summary>Thrown by a consumer that cannot consume a message. A retry does not help.</summary>
/// <param name="reason">One of <see cref="Contracts.DeadLetters.DeadLetterReasons"/>.</param>
/// <param name="message">A description of the problem for operators.</param>
public sealed class UnconsumableException(string reason, string message) : Exception(message)
{
    public string Reason { get; } = reason;
}
