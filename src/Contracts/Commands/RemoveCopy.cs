using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Asks for the removal of the former copy of a tenant's rows, which a move has left. The move schedules it for the end of the copy's time.
/// Send it to <see cref="Endpoints.RemoveCopyCommands"/> to remove the copy earlier; then the move cannot be reverted.
/// </summary>
public sealed record RemoveCopy
{
    public required TenantId TenantId { get; init; }

    /// <summary>The placement that is kept.</summary>
    public required Guid PlacementId { get; init; }

    public string? IdempotencyKey { get; init; }
}
