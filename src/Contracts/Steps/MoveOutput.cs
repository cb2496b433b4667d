namespace Saga.Contracts.Steps;

/// <summary>The output of <see cref="StepNames.ReserveMove"/>, <see cref="StepNames.ReserveKept"/> and <see cref="StepNames.BeginRevert"/> for later steps. Stored with the operation and shown by the API.</summary>
public sealed record MoveOutput
{
    /// <summary>The placement that the tenant had.</summary>
    public required Guid From { get; init; }

    /// <summary>The epoch of that placement.</summary>
    public required long Epoch { get; init; }

    /// <summary>The placement that it gets; or the one that keeps, or has kept, the rows that are replaced in the former.</summary>
    public required Guid To { get; init; }
}
