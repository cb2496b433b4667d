namespace Saga.Registry.DeadLetters;

/// <summary>A message that could not be consumed, as the registry keeps it.</summary>
public sealed record StoredDeadLetter
{
    public required Guid Id { get; init; }

    /// <summary>The endpoint that could not consume it.</summary>
    public required string Queue { get; init; }

    public required Guid MessageId { get; init; }

    /// <summary>Null when the message does not say what it is.</summary>
    public string? MessageType { get; init; }

    /// <summary>JSON or other text; Base64 when <see cref="IsBinary"/>.</summary>
    public required string Body { get; init; }

    public required bool IsBinary { get; init; }

    /// <summary>One of <see cref="Contracts.DeadLetters.DeadLetterReasons"/>, or a newer version's.</summary>
    public required string Reason { get; init; }

    public required string Detail { get; init; }

    /// <summary>How often it died.</summary>
    public required int Times { get; init; }

    public required DateTimeOffset FirstAt { get; init; }

    public required DateTimeOffset LastAt { get; init; }

    /// <summary>When it was put back into its queue; null while it waits here.</summary>
    public DateTimeOffset? ReturnedAt { get; init; }

    public string? ReturnedBy { get; init; }

    /// <summary>Whether it can be put back: what has no type or is no JSON can only be sent anew by who sent it.</summary>
    public bool IsReturnable => MessageType is not null && !IsBinary;
}

/// <summary>Which dead letters; null takes any.</summary>
public sealed record DeadLetterFilter
{
    public string? Queue { get; init; }

    public string? Reason { get; init; }

    /// <summary>True: those that wait here. False: those that were returned.</summary>
    public bool? Waiting { get; init; }
}

public enum DeadLetterReturn
{
    Returned,

    /// <summary>There is no such dead letter.</summary>
    NotFound,

    /// <summary>It was returned before, and has not come again.</summary>
    AlreadyReturned,

    /// <summary>It has no type, or is no JSON.</summary>
    NotReturnable,
}
