using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Takes a deprovisioning back: the removal is cancelled when the command is accepted, and the tenant is opened as it was. Send it to
/// <see cref="Endpoints.DeprovisionCancellations"/>; the answer is <see cref="OperationAccepted"/> or <see cref="OperationRejected"/>.
/// </summary>
public sealed record CancelDeprovisioning
{
    /// <summary>Over HTTP it is in the address.</summary>
    public required TenantId TenantId { get; init; }

    /// <summary>1 to 500 characters, for people.</summary>
    public string? Reason { get; init; }

    /// <summary>Makes the command idempotent for one caller: 1 to 200 visible ASCII characters. Over HTTP it is a header.</summary>
    public string? IdempotencyKey { get; init; }
}
