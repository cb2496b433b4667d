using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;

namespace Saga.Registry.Exports;

/// <summary>One export of a tenant's data.</summary>
public sealed record TenantExport
{
    public required Guid Id { get; init; }

    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    public required Guid OperationId { get; init; }

    public required ExportState State { get; init; }

    public required string RequestedBy { get; init; }

    public required IReadOnlyList<string> DataTypes { get; init; }

    /// <summary>json or csv.</summary>
    public required string Format { get; init; }

    /// <summary>Whose data it has; null for everybody's.</summary>
    public string? UserId { get; init; }

    /// <summary>The version of the product's schema.</summary>
    public int? SchemaVersion { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The time whose state the rows have; null until they were read.</summary>
    public DateTimeOffset? SnapshotAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When the file is removed; null until it is complete.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? RemovedAt { get; init; }

    /// <summary>The name of the file in the store of exports; null while there is none.</summary>
    public string? File { get; init; }

    public long? Bytes { get; init; }

    public byte[]? Sha256 { get; init; }

    /// <summary>How many members, rows of each table, settings, objects and lines it has.</summary>
    public IReadOnlyDictionary<string, long>? Counts { get; init; }

    /// <summary>Why it failed.</summary>
    public Failure? Failure { get; init; }
}
