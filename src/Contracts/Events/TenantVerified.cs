using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Events;

/// <summary>A tenant was verified on request. Published at least once per verification; a repetition has the same operation.</summary>
public sealed record TenantVerified
{
    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    /// <summary>Whether every check passed.</summary>
    public required bool Passed { get; init; }

    /// <summary>The checks that failed, such as <c>database</c>; empty when all passed.</summary>
    public required IReadOnlyList<string> Failed { get; init; }

    public required Guid OperationId { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}
