namespace Saga.Contracts.DeadLetters;

/// <summary>A message that was taken out of its queue because it could not be consumed. Nothing of it is lost.</summary>
public sealed record DeadLetter
{
    /// <summary>The endpoint that could not consume it, such as <c>saga-commands</c>.</summary>
    public required string Queue { get; init; }

    /// <summary>The message's own id; with the queue it tells one dead letter from another.</summary>
    public required Guid MessageId { get; init; }

    /// <summary>A name as <see cref="MessageTypes"/> has them; null when the message does not say what it is.</summary>
    public string? MessageType { get; init; }

    /// <summary>The message: JSON where it could be read as text, else its bytes in Base64.</summary>
    public required string Body { get; init; }

    /// <summary>Whether <see cref="Body"/> is Base64.</summary>
    public bool Binary { get; init; }

    /// <summary>One of <see cref="DeadLetterReasons"/>.</summary>
    public required string Reason { get; init; }

    /// <summary>What happened, in words for an operator.</summary>
    public required string Detail { get; init; }

    /// <summary>The trace it was sent under; null when nobody traced.</summary>
    public string? TraceParent { get; init; }
}
