using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Gives a tenant's organisation the domains whose control the tenant has proved, and takes one away if the command says so. Send it to
/// <see cref="Endpoints.Domains"/>; the answer is <see cref="OperationAccepted"/> or <see cref="OperationRejected"/>. The operation waits
/// while another one works on the tenant.
/// </summary>
public sealed record LinkDomains
{
    /// <summary>Over HTTP it is in the address.</summary>
    public required TenantId TenantId { get; init; }

    /// <summary>One of the tenant's domains: it is removed when the command is accepted, proved or not. Over HTTP it is in the address.</summary>
    public string? Remove { get; init; }

    /// <summary>Makes the command idempotent for one caller: 1 to 200 visible ASCII characters. Over HTTP it is a header.</summary>
    public string? IdempotencyKey { get; init; }
}
