using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Backs up a tenant to the object store. Send it to <see cref="Endpoints.Backups"/>; the answer is <see cref="OperationAccepted"/> or
/// <see cref="OperationRejected"/>.
/// </summary>
public sealed record BackupTenant
{
    /// <summary>Over HTTP it is in the address.</summary>
    public required TenantId TenantId { get; init; }

    /// <summary>1 to 500 characters, for people.</summary>
    public string? Note { get; init; }

    /// <summary>Whether the contents of the tenant's objects are part of it. When absent or false, it has only their list.</summary>
    public bool? IncludeObjects { get; init; }

    /// <summary>Makes the command idempotent for one caller: 1 to 200 visible ASCII characters. Over HTTP it is a header.</summary>
    public string? IdempotencyKey { get; init; }
}
