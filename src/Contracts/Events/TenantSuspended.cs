using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Events;

/// <summary>
/// A tenant was suspended. Published once per suspension, by its first step. The hold has stood since the command was accepted; the rest of
/// the operation closes what is outside.
/// </summary>
public sealed record TenantSuspended
{
    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    public required HoldCode Code { get; init; }

    /// <summary>What the hold prevents.</summary>
    public required HoldEffect Effect { get; init; }

    public required string Reason { get; init; }

    public required Guid OperationId { get; init; }

    /// <summary>When the hold was set.</summary>
    public required DateTimeOffset OccurredAt { get; init; }
}
