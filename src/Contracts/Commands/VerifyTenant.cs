using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Asks for the verification of provisioning on a tenant that is active. Nothing is changed and nothing is left behind. What was found is
/// the output of the operation's step. Send it to <see cref="Endpoints.Verifications"/>; the answer is <see cref="OperationAccepted"/> or
/// <see cref="OperationRejected"/>.
/// </summary>
public sealed record VerifyTenant
{
    public required TenantId TenantId { get; init; }

    /// <summary>Makes the command idempotent for one caller: 1 to 200 visible ASCII characters. Over HTTP it is a header.</summary>
    public string? IdempotencyKey { get; init; }
}
