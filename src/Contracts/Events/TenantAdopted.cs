using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Events;

/// <summary>An existing database or schema of the product became a tenant. Published once per adoption, after <see cref="TenantProvisioned"/>.</summary>
public sealed record TenantAdopted
{
    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    public required string Server { get; init; }

    public required string Database { get; init; }

    public required string Schema { get; init; }

    public required IsolationTier Tier { get; init; }

    /// <summary>The version of the product's schema that it had before.</summary>
    public required int FoundVersion { get; init; }

    /// <summary>The version that it has now.</summary>
    public required int SchemaVersion { get; init; }

    public required Guid OperationId { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}
