using System.Text.Json;
using Saga.Contracts.Steps;

namespace Saga.Registry.Backups.OfRegistry;

/// <summary>One backup of the registry.</summary>
public sealed record RegistryBackup
{
    public required Guid Id { get; init; }

    public required Guid OperationId { get; init; }

    public required BackupState State { get; init; }

    public required string RequestedBy { get; init; }

    public string? Note { get; init; }

    /// <summary>The highest migration of the registry in it.</summary>
    public int? SchemaVersion { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The time whose state the rows have; null until they were read.</summary>
    public DateTimeOffset? SnapshotAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When its files were gone.</summary>
    public DateTimeOffset? ExpiredAt { get; init; }

    /// <summary>The stored size; null until it is complete.</summary>
    public long? Bytes { get; init; }

    /// <summary>The ids of the master keys without which it cannot be used.</summary>
    public required IReadOnlyList<string> MasterKeyIds { get; init; }

    /// <summary>The file with the dump; null until it was written.</summary>
    public BackupPart? Part { get; init; }

    /// <summary>Null until it is complete.</summary>
    public StoredManifest? Manifest { get; init; }

    /// <summary>When all its files were read back from the copy; null when they were not.</summary>
    public DateTimeOffset? CopiedAt { get; init; }

    /// <summary>Why it was not copied.</summary>
    public Failure? CopyFailure { get; init; }

    /// <summary>Why it failed.</summary>
    public Failure? Failure { get; init; }
}
