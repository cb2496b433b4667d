using Saga.Contracts.Commands;

namespace Saga.Contracts.Events;

/// <summary>
/// A command was refused, whatever door it came through. Published at least once per rejection; a command that is sent again and refused
/// again is another rejection.
/// </summary>
public sealed record CommandRefused
{
    /// <summary>The kind of operation that the command would have started, such as <c>provision</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The reason, as in <see cref="OperationRejected.Code"/>.</summary>
    public required string Code { get; init; }

    public required string Detail { get; init; }

    /// <summary>The fields that break rules. Their values are not included.</summary>
    public IReadOnlyList<FieldError> Errors { get; init; } = [];

    /// <summary>The sender, as in the audit log.</summary>
    public required string Caller { get; init; }

    /// <summary>The message's id, if it came over the bus.</summary>
    public Guid? MessageId { get; init; }

    /// <summary>The operation, if the command was accepted and refused later: it had waited too long for its scopes.</summary>
    public Guid? OperationId { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}
