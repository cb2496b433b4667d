using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Deprovisions a tenant: it is closed when the command is accepted, whatever else runs, and everything of it is removed after the grace
/// period. Send it to <see cref="Endpoints.Deprovisions"/>; the answer is <see cref="OperationAccepted"/> or <see cref="OperationRejected"/>.
/// </summary>
public sealed record DeprovisionTenant
{
    /// <summary>Over HTTP it is in the address.</summary>
    public required TenantId TenantId { get; init; }

    /// <summary>The tenant's slug: confirms that this tenant is meant.</summary>
    public required string Confirm { get; init; }

    /// <summary>Whether a final backup is made before anything is removed; true when absent.</summary>
    public bool? Backup { get; init; }

    /// <summary>How many days pass before the removal, 0 to 365; the plan's when absent.</summary>
    public int? GraceDays { get; init; }

    /// <summary>The tenant's slug once more. Needed only with <see cref="GraceDays"/> 0: nothing can be taken back then.</summary>
    public string? ConfirmNoGrace { get; init; }

    /// <summary>Makes the command idempotent for one caller: 1 to 200 visible ASCII characters. Over HTTP it is a header.</summary>
    public string? IdempotencyKey { get; init; }
}
