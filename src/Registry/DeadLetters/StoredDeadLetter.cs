namespace Saga.Registry.DeadLetters;

/// <summary>A message that could not be consumed, as stored in the registry.</summary>
public sealed record StoredDeadLetter
{
    public required Guid Id { get; init; }

    /// <summary>The endpoint that could not consume it.</summary>
    public required string Queue { get; init; }

    public required Guid MessageId { get; init; }

    /// <summary>Null when the message does not name its type.</summary>
    public string? MessageType { get; init; }

    /// <summary>JSON or other text; Base64 when <see cref="IsBinary"/>.</summary>
    public required string Body { get; init; }

    public required bool IsBinary { get; init; }

    /// <summary>One of <see cref="Contracts.DeadLetters.DeadLetterReasons"/>, or a reason of a newer version.</summary>
    public required string Reason { get; init; }

    public required string Detail { get; init; }

    /// <summary>How often it could not be consumed.</summary>
    public required int Times { get; init; }

    public required DateTimeOffset FirstAt { get; init; }

    public required DateTimeOffset LastAt { get; init; }

    /// <summary>When it was returned to its queue; null while it waits here.</summary>
    public DateTimeOffset? ReturnedAt { get; init; }

    public string? ReturnedBy { get; init; }

    /// <summary>Whether it can be returned. A message without a type, or that is not JSON, can only be sent again by its sender.</summary>
    public bool IsReturnable => MessageType is not null && !IsBinary;
}

/// <summary>A filter for dead letters; null matches all.</summary>
public sealed record DeadLetterFilter
{
    public string? Queue { get; init; }

    public string? Reason { get; init; }

    /// <summary>True for those that wait here, false for those that were returned.</summary>
    public bool? Waiting { get; init; }
}

public enum DeadLetterReturn
{
    Returned,

    /// <summary>There is no such dead letter.</summary>
    NotFound,

    /// <summary>It was already returned and has not come back.</summary>
    AlreadyReturned,

    /// <summary>It has no type, or is not JSON.</summary>
    NotReturnable,
}
