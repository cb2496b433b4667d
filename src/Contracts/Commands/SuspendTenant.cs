using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Suspends a tenant: the hold stands when the command is accepted, whatever else runs, and what is outside is closed as soon as no other
/// operation works on the tenant. Send it to <see cref="Endpoints.Suspensions"/>; the answer is <see cref="OperationAccepted"/> or
/// <see cref="OperationRejected"/>.
/// </summary>
public sealed record SuspendTenant
{
    public required TenantId TenantId { get; init; }

    /// <summary>1 to 500 characters, for people.</summary>
    public required string Reason { get; init; }

    /// <summary>nonPayment, abuse, request, maintenance, limitExceeded or other, which is the default. limitExceeded only keeps the tenant from growing.</summary>
    public string? Code { get; init; }

    /// <summary>Makes the command idempotent for one caller: 1 to 200 visible ASCII characters. Over HTTP it is a header.</summary>
    public string? IdempotencyKey { get; init; }
}
