using System.Text.Json;
using Saga.Registry.DeadLetters;

namespace Saga.Api.DeadLetters;

/// <summary>A message that could not be consumed.</summary>
public sealed record DeadLetterView
{
    public required Guid Id { get; init; }

    /// <summary>The endpoint that could not consume it, such as saga-commands.</summary>
    public required string Queue { get; init; }

    public required Guid MessageId { get; init; }

    /// <summary>Absent when the message does not name its type.</summary>
    public string? MessageType { get; init; }

    /// <summary>type-unknown, unreadable, operation-unreadable, no-consumer, failed or delivered-too-often.</summary>
    public required string Reason { get; init; }

    /// <summary>A description of the problem.</summary>
    public required string Detail { get; init; }

    /// <summary>How often it could not be consumed.</summary>
    public required int Times { get; init; }

    public required DateTimeOffset FirstAt { get; init; }

    public required DateTimeOffset LastAt { get; init; }

    /// <summary>Absent while it waits.</summary>
    public DateTimeOffset? ReturnedAt { get; init; }

    public string? ReturnedBy { get; init; }

    /// <summary>False when it names no type or is not JSON. Then only its sender can send it again.</summary>
    public required bool Returnable { get; init; }

    /// <summary>The message; absent when it is not JSON.</summary>
    public JsonElement? Body { get; init; }

    /// <summary>The message's bytes in Base64, when it is not JSON.</summary>
    public string? BodyBase64 { get; init; }

    internal static DeadLetterView Of(StoredDeadLetter letter) => new()
    {
        Id = letter.Id,
        Queue = letter.Queue,
        MessageId = letter.MessageId,
        MessageType = letter.MessageType,
        Reason = letter.Reason,
        Detail = letter.Detail,
        Times = letter.Times,
        FirstAt = letter.FirstAt,
        LastAt = letter.LastAt,
        ReturnedAt = letter.ReturnedAt,
        ReturnedBy = letter.ReturnedBy,
        Returnable = letter.IsReturnable,
        Body = letter.IsBinary ? null : JsonDocument.Parse(letter.Body).RootElement,
        BodyBase64 = letter.IsBinary ? letter.Body : null,
    };
}
