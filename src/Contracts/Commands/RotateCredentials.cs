using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Gives a tenant new credentials. Of a login, the former one goes on working for a while, so that no request fails while product services
/// change over. Send it to <see cref="Endpoints.Rotations"/>; the answer is <see cref="OperationAccepted"/> or <see cref="OperationRejected"/>.
/// </summary>
public sealed record RotateCredentials
{
    public required TenantId TenantId { get; init; }

    /// <summary>One or more of database, cache, tenantKey and backupKey.</summary>
    public required IReadOnlyList<string> What { get; init; }

    /// <summary>Makes the command idempotent for one caller: 1 to 200 visible ASCII characters. Over HTTP it is a header.</summary>
    public string? IdempotencyKey { get; init; }
}
