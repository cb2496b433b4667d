namespace Saga.Contracts.Commands;

/// <summary>
/// Repairs differences that scans for drift have found: what is different is set back, what is missing is made again, and what should not be there is
/// quarantined. Send it to <see cref="Endpoints.DriftRepairs"/>; the answer is <see cref="OperationAccepted"/> or <see cref="OperationRejected"/>.
/// </summary>
public sealed record RepairDrift
{
    /// <summary>Ids of findings that are open.</summary>
    public IReadOnlyList<Guid>? Items { get; init; }

    public string? Reason { get; init; }

    /// <summary>What is confirmed so that orphans are quarantined all the same: <c>registryRestored</c>, <c>manyOrphans</c>.</summary>
    public IReadOnlyList<string>? Confirm { get; init; }

    /// <summary>Whether it is ordered with an operator's rights only. It then quarantines nothing.</summary>
    public bool? AsOperator { get; init; }

    /// <summary>Makes the command idempotent for one caller: 1 to 200 visible ASCII characters. Over HTTP it is a header.</summary>
    public string? IdempotencyKey { get; init; }
}
