namespace Saga.Contracts.Commands;

/// <summary>
/// Cancels an operation that has not reached its pivot: what ran is undone, and it ends as cancelled. Send it to
/// <see cref="Endpoints.Cancellations"/>; the answer is <see cref="OperationAccepted"/> or <see cref="OperationRejected"/>. A second
/// cancellation of the same operation changes nothing and has the same answer.
/// </summary>
public sealed record CancelOperation
{
    public required Guid OperationId { get; init; }

    /// <summary>1 to 500 characters; it is shown in the operation's history and in the audit log.</summary>
    public required string Reason { get; init; }
}
