using System.Text.Json;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Exports;

namespace Saga.Api.Exports;

/// <summary>An export as callers see it. The file itself needs a link.</summary>
public sealed record ExportView
{
    public required Guid Id { get; init; }

    public required ExportedTenant Tenant { get; init; }

    /// <summary>The operation that made it.</summary>
    public required Guid OperationId { get; init; }

    /// <summary>running, completed, failed or removed. Only a completed one can be downloaded.</summary>
    public required string State { get; init; }

    public required string RequestedBy { get; init; }

    public required IReadOnlyList<string> DataTypes { get; init; }

    /// <summary>json or csv.</summary>
    public required string Format { get; init; }

    /// <summary>Whose data it has; absent when it has everybody's.</summary>
    public string? UserId { get; init; }

    /// <summary>The version of the product's schema.</summary>
    public int? SchemaVersion { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The time whose state the rows have.</summary>
    public DateTimeOffset? SnapshotAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When the file is removed.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? RemovedAt { get; init; }

    public long? Bytes { get; init; }

    /// <summary>The checksum of the file, as hexadecimal digits.</summary>
    public string? Sha256 { get; init; }

    /// <summary>How many records each file in it has.</summary>
    public IReadOnlyDictionary<string, long>? Counts { get; init; }

    /// <summary>Why it failed; absent for one that was cancelled.</summary>
    public Failure? Failure { get; init; }

    public static ExportView Of(TenantExport export) => new()
    {
        Id = export.Id,
        Tenant = new(export.TenantId, export.Slug.ToString()),
        OperationId = export.OperationId,
        State = JsonNamingPolicy.CamelCase.ConvertName(export.State.ToString()),
        RequestedBy = export.RequestedBy,
        DataTypes = export.DataTypes,
        Format = export.Format,
        UserId = export.UserId,
        SchemaVersion = export.SchemaVersion,
        StartedAt = export.StartedAt,
        SnapshotAt = export.SnapshotAt,
        EndedAt = export.EndedAt,
        ExpiresAt = export.ExpiresAt,
        RemovedAt = export.RemovedAt,
        Bytes = export.Bytes,
        Sha256 = export.Sha256 is { } sha256 ? Convert.ToHexStringLower(sha256) : null,
        Counts = export.Counts,
        Failure = export.Failure,
    };
}

/// <summary>The tenant of an export.</summary>
public sealed record ExportedTenant(TenantId Id, string Slug);
