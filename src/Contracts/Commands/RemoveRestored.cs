using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Removes the database that a restore has made beside the tenant's place. The restore schedules it. Send it to
/// <see cref="Endpoints.RestoredRemovals"/> to remove the database earlier.
/// </summary>
public sealed record RemoveRestored
{
    public required TenantId TenantId { get; init; }

    /// <summary>The operation that restored.</summary>
    public required Guid OperationId { get; init; }

    public string? IdempotencyKey { get; init; }
}
