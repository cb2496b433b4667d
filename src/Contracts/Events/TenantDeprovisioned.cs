using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Events;

/// <summary>
/// Nothing of the tenant is left, as was seen in every system. Published once, in the transaction that destroys its key and writes the
/// deletion certificate.
/// </summary>
public sealed record TenantDeprovisioned
{
    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    /// <summary>The SHA-256 of the deletion certificate, in hexadecimal.</summary>
    public required string CertificateSha256 { get; init; }

    /// <summary>Until when nobody else can have the tenant's names.</summary>
    public required DateTimeOffset NamesReservedUntil { get; init; }

    public required Guid OperationId { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}
