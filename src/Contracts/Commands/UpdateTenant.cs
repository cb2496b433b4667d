using System.Text.Json;
using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Changes what is known of a tenant. Send it to <see cref="Endpoints.Updates"/>; the answer is <see cref="OperationAccepted"/> or
/// <see cref="OperationRejected"/>.
/// </summary>
public sealed record UpdateTenant
{
    /// <summary>Over HTTP it is in the address.</summary>
    public required TenantId TenantId { get; init; }

    /// <summary>The tenant's version that the sender has read; a tenant that has changed since is not updated. Over HTTP it is the header If-Match.</summary>
    public long? Version { get; init; }

    /// <summary>
    /// A JSON merge patch (RFC 7396): what is absent stays, and null restores the default. Over HTTP it is the body. The fields are
    /// those of <see cref="ProvisionTenant"/> that a tenant may change.
    /// </summary>
    public required IReadOnlyDictionary<string, JsonElement> Changes { get; init; }

    /// <summary>Makes the command idempotent for one caller: 1 to 200 visible ASCII characters. Over HTTP it is a header.</summary>
    public string? IdempotencyKey { get; init; }
}
