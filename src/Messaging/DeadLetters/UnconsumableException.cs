namespace Saga.Messaging.DeadLetters;

/// <summary>A consumer says why it cannot consume a message, and that trying again does not help.</summary>
/// <param name="reason">One of <see cref="Contracts.DeadLetters.DeadLetterReasons"/>.</param>
/// <param name="message">What happened, in words for an operator.</param>
public sealed class UnconsumableException(string reason, string message) : Exception(message)
{
    public string Reason { get; } = reason;
}
