namespace Saga.Contracts.Steps;

/// <summary>
/// Somebody who may do so wants the operation cancelled. The operation decides in its own transaction whether it still can be: that is
/// where cancellation and pivot meet.
/// </summary>
public sealed record CancellationRequested
{
    public required Guid OperationId { get; init; }

    /// <summary>Who cancels, as in the audit log.</summary>
    public required string Actor { get; init; }

    /// <summary>The reason for people.</summary>
    public required string Reason { get; init; }

    /// <summary>
    /// A machine-readable reason when the system cancels: <c>scope-wait-expired</c> ends the operation only while it still waits for a
    /// scope. Null for a person's decision.
    /// </summary>
    public string? Code { get; init; }
}
