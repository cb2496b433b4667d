using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Restores a tenant's rows from a backup. Send it to <see cref="Endpoints.Restores"/>; the answer is <see cref="OperationAccepted"/> or
/// <see cref="OperationRejected"/>.
/// </summary>
public sealed record RestoreTenant
{
    /// <summary>Over HTTP it is in the address.</summary>
    public required TenantId TenantId { get; init; }

    /// <summary>A complete backup of the tenant.</summary>
    public required Guid BackupId { get; init; }

    /// <summary>
    /// beside: into a database of its own, which is removed after some time. replace: instead of what the tenant uses, which is kept for some
    /// time and can be returned to with <see cref="RevertMove"/>. A deprovisioned tenant comes back with it, under its id.
    /// </summary>
    public required string Mode { get; init; }

    /// <summary>Makes the command idempotent for one caller: 1 to 200 visible ASCII characters. Over HTTP it is a header.</summary>
    public string? IdempotencyKey { get; init; }
}
