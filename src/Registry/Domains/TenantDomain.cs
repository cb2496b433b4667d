using Saga.Contracts.Identifiers;

namespace Saga.Registry.Domains;

/// <summary>A tenant's own domain.</summary>
public sealed record TenantDomain
{
    public required TenantId Tenant { get; init; }

    /// <summary>In the registry's spelling: lower case, international labels in punycode.</summary>
    public required string Domain { get; init; }

    /// <summary>What the domain's owner publishes in DNS.</summary>
    public required string Token { get; init; }

    public required DomainState State { get; init; }

    /// <summary>The latest check; null when there was none.</summary>
    public DateTimeOffset? CheckedAt { get; init; }

    /// <summary>What the latest check found instead of the record; null when it found the record, or when there was no check.</summary>
    public string? Failure { get; init; }

    public DateTimeOffset? ProvedAt { get; init; }
}
