using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Events;

/// <summary>What is known of a tenant has changed. Published once per update, when it has taken effect everywhere.</summary>
public sealed record TenantUpdated
{
    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    /// <summary>The fields that changed, as the API names them. Their values are not included.</summary>
    public required IReadOnlyList<string> Fields { get; init; }

    public required Guid OperationId { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}
