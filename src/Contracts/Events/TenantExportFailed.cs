using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Events;

/// <summary>An export failed or was cancelled, and what it had written was removed. Published once per export.</summary>
public sealed record TenantExportFailed
{
    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    public required Guid ExportId { get; init; }

    /// <summary>The failure's code, or <c>cancelled</c>.</summary>
    public required string Code { get; init; }

    public required string Reason { get; init; }

    public required Guid OperationId { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}
