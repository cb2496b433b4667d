using Saga.Contracts.Identifiers;

namespace Saga.Steps;

/// <summary>What a team's step gets to know of a tenant.</summary>
public sealed record SagaTenant
{
    public required TenantId Id { get; init; }

    public required string Slug { get; init; }

    public required string Name { get; init; }

    public required string Plan { get; init; }

    public required IsolationTier Isolation { get; init; }

    public string? Region { get; init; }
}
