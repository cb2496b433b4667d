using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Restores a backup beside the tenant's place, verifies it and drops it again, to prove that it can be restored. Orchestrators send it regularly for a
/// sample; anybody may send it to <see cref="Endpoints.BackupDrills"/>. The answer is <see cref="OperationAccepted"/> or <see cref="OperationRejected"/>.
/// </summary>
public sealed record DrillBackup
{
    public required TenantId TenantId { get; init; }

    /// <summary>A complete backup of the tenant.</summary>
    public required Guid BackupId { get; init; }

    public string? IdempotencyKey { get; init; }
}
