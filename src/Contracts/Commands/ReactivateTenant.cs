using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Lifts holds of a tenant that suspensions set. If no other hold closes the tenant, what was closed is opened again and tested first. Send
/// it to <see cref="Endpoints.Reactivations"/>; the answer is <see cref="OperationAccepted"/> or <see cref="OperationRejected"/>.
/// </summary>
public sealed record ReactivateTenant
{
    public required TenantId TenantId { get; init; }

    /// <summary>The codes to lift; when absent, every standing one that a suspension can set. Never deletion, move and restore.</summary>
    public IReadOnlyList<string>? Codes { get; init; }

    /// <summary>1 to 500 characters, for people.</summary>
    public string? Reason { get; init; }

    /// <summary>Makes the command idempotent for one caller: 1 to 200 visible ASCII characters. Over HTTP it is a header.</summary>
    public string? IdempotencyKey { get; init; }
}
