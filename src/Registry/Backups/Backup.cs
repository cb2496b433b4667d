using System.Text.Json;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;

namespace Saga.Registry.Backups;

/// <summary>One backup of a tenant.</summary>
public sealed record Backup
{
    public required Guid Id { get; init; }

    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    public required Guid OperationId { get; init; }

    public required BackupState State { get; init; }

    public required string RequestedBy { get; init; }

    public string? Note { get; init; }

    /// <summary>Whether it has the contents of the tenant's objects, and not only their list.</summary>
    public required bool IncludesObjects { get; init; }

    /// <summary>The tenant's tier when it began.</summary>
    public required IsolationTier Tier { get; init; }

    /// <summary>The database server of the rows.</summary>
    public string? Server { get; init; }

    /// <summary>The version of the product schema in it.</summary>
    public int? SchemaVersion { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The time whose state the rows have; null until they were read.</summary>
    public DateTimeOffset? SnapshotAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When it was last restored and verified, to prove that it can be.</summary>
    public DateTimeOffset? ProvenAt { get; init; }

    /// <summary>When its files were gone.</summary>
    public DateTimeOffset? ExpiredAt { get; init; }

    /// <summary>The stored size of all parts; null until it is complete.</summary>
    public long? Bytes { get; init; }

    /// <summary>Null until it is complete.</summary>
    public StoredManifest? Manifest { get; init; }

    /// <summary>When all its files were read back from the copy; null when they were not.</summary>
    public DateTimeOffset? CopiedAt { get; init; }

    /// <summary>Why it was not copied.</summary>
    public Failure? CopyFailure { get; init; }

    /// <summary>Why it failed.</summary>
    public Failure? Failure { get; init; }
}

/// <summary>A manifest as it is stored.</summary>
/// <param name="Content">The manifest itself.</param>
/// <param name="File">Its file in the object store.</param>
/// <param name="Sha256">The checksum of the file.</param>
public sealed record StoredManifest(JsonElement Content, string File, byte[] Sha256);
