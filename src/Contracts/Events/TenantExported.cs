using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Events;

/// <summary>
/// An export of a tenant can be downloaded. Published once per export. <see cref="TenantExportFailed"/> follows if the operation is undone all
/// the same.
/// </summary>
public sealed record TenantExported
{
    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    public required Guid ExportId { get; init; }

    public required IReadOnlyList<string> DataTypes { get; init; }

    /// <summary>The user whose data it has; null when it has everybody's.</summary>
    public string? UserId { get; init; }

    /// <summary>The size of the file.</summary>
    public required long Bytes { get; init; }

    /// <summary>When the file is removed.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    public required Guid OperationId { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}
