using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Events;

/// <summary>
/// A tenant has new credentials. Published once per rotation, in the transaction that makes them visible to runtimes. Read them again: the
/// former logins are barred after <see cref="FormerUntil"/>.
/// </summary>
public sealed record TenantCredentialsRotated
{
    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    /// <summary>What was rotated: database, cache, tenantKey, backupKey.</summary>
    public required IReadOnlyList<string> What { get; init; }

    /// <summary>Until then the former logins work as well; null when no login was rotated.</summary>
    public DateTimeOffset? FormerUntil { get; init; }

    public required Guid OperationId { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}
