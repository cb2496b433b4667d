namespace Saga.Contracts.DeadLetters;

/// <summary>A message that was moved out of its queue because it could not be consumed. It is kept in full.</summary>
public sealed record DeadLetter
{
    /// <summary>The endpoint that could not consume it, such as <c>saga-commands</c>.</summary>
    public required string Queue { get; init; }

    /// <summary>The message's own id. Together with the queue it identifies the dead letter.</summary>
    public required Guid MessageId { get; init; }

    /// <summary>A name from <see cref="MessageTypes"/>; null when the message does not name its type.</summary>
    public string? MessageType { get; init; }

    /// <summary>The message: JSON if it is readable as text, otherwise its bytes in Base64.</summary>
    public required string Body { get; init; }

    /// <summary>Whether <see cref="Body"/> is Base64.</summary>
    public bool Binary { get; init; }

    /// <summary>One of <see cref="DeadLetterReasons"/>.</summary>
    public required string Reason { get; init; }

    /// <summary>A description of the problem for operators.</summary>
    public required string Detail { get; init; }

    /// <summary>The trace it was sent under; null when tracing was off.</summary>
    public string? TraceParent { get; init; }
}
