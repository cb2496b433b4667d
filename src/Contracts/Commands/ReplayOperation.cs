using System.Text.Json;

namespace Saga.Contracts.Commands;

/// <summary>
/// Lets a stalled operation go on: as it is, from an earlier step, without some steps, or undoes it. Of an operation that was compensated or
/// cancelled, it runs the command again, as a new operation. Send it to
/// <see cref="Endpoints.Replays"/>; the answer is <see cref="OperationAccepted"/> or <see cref="OperationRejected"/>. The same
/// idempotency key of the same caller orders once.
/// </summary>
public sealed record ReplayOperation
{
    public required Guid OperationId { get; init; }

    /// <summary>1 to 500 characters; it is shown in the operation's history and in the audit log.</summary>
    public required string Reason { get; init; }

    /// <inheritdoc cref="ReplayOrder.Mode"/>
    public ReplayMode? Mode { get; init; }

    /// <inheritdoc cref="ReplayOrder.From"/>
    public string? From { get; init; }

    /// <inheritdoc cref="ReplayOrder.Skip"/>
    public IReadOnlyList<SkippedStep> Skip { get; init; } = [];

    /// <inheritdoc cref="ReplayOrder.States"/>
    public IReadOnlyDictionary<string, StatedEffect>? States { get; init; }

    /// <summary>
    /// What is different in the command of an operation that was compensated or cancelled: a JSON merge patch (RFC 7396) of the command as it
    /// was accepted. Null for the same command, and for a stalled operation, which goes on with the command that it has.
    /// </summary>
    public JsonElement? Input { get; init; }

    /// <summary>The operation's version that the order is based on. The order is refused if it has another. Null for any.</summary>
    public long? ExpectedVersion { get; init; }

    /// <summary>The digest of a plan that a dry run returned. The order is refused unless exactly that would happen. Null for whatever the order means now.</summary>
    public string? Plan { get; init; }

    public string? IdempotencyKey { get; init; }
}
