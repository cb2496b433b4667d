using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>The command is durable: its operation will end Completed, Compensated or Stalled.</summary>
public sealed record OperationAccepted
{
    public required Guid OperationId { get; init; }

    /// <summary>Null when the operation does not concern a single tenant.</summary>
    public TenantId? TenantId { get; init; }

    /// <summary>The path of the operation in the API.</summary>
    public required string Location { get; init; }
}
