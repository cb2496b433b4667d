using Saga.Contracts.Commands;

namespace Saga.Contracts.Steps;

/// <summary>
/// An operator's order for a stalled operation was accepted. The operation carries it out if it still means what it meant then.
/// </summary>
public sealed record ReplayRequested
{
    public required Guid OperationId { get; init; }

    /// <summary>Who ordered it, as in the audit log.</summary>
    public required string Actor { get; init; }

    /// <summary>The reason for people.</summary>
    public required string Reason { get; init; }

    public required ReplayOrder Order { get; init; }

    /// <summary>The digest of the plan that was accepted.</summary>
    public required string Plan { get; init; }
}
