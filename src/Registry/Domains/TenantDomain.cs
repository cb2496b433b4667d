using Saga.Contracts.Identifiers;

namespace Saga.Registry.Domains;

/// <summary>One of a tenant's own domains.</summary>
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

    /// <summary>When a claim that is not proved ends.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When the tenant's organisation got the domain; null while it has not.</summary>
    public DateTimeOffset? LinkedAt { get; init; }

    /// <summary>Whether it is the domain in the tenant's own data.</summary>
    public bool IsMain { get; init; }
}
