namespace Saga.Contracts.Commands;

/// <summary>
/// Runs a batch that was prepared. Send it to <see cref="Endpoints.Batches"/>; the answer is <see cref="OperationAccepted"/> or
/// <see cref="OperationRejected"/>. A batch runs once.
/// </summary>
public sealed record RunBatch
{
    public required Guid BatchId { get; init; }

    /// <summary>Whether its items are ordered with an operator's rights only. It then lets no removal go on and gives no command again.</summary>
    public bool? AsOperator { get; init; }

    public string? IdempotencyKey { get; init; }
}
