using System.Text.Json;
using Saga.Contracts.Steps;
using Saga.Registry.Backups.OfRegistry;

namespace Saga.Api.Fleet;

/// <summary>A backup of the registry as callers see it.</summary>
public sealed record RegistryBackupView
{
    public required Guid Id { get; init; }

    /// <summary>The operation that made it.</summary>
    public required Guid OperationId { get; init; }

    /// <summary>running, completed, failed, expiring or expired. Only a completed one can be restored.</summary>
    public required string State { get; init; }

    public required string RequestedBy { get; init; }

    public string? Note { get; init; }

    /// <summary>The highest migration of the registry in it. A program of an older version cannot restore it.</summary>
    public int? SchemaVersion { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The time whose state the rows have.</summary>
    public DateTimeOffset? SnapshotAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When its files were gone, because its time was over.</summary>
    public DateTimeOffset? ExpiredAt { get; init; }

    /// <summary>The stored size.</summary>
    public long? Bytes { get; init; }

    /// <summary>The ids of the master keys that a restore needs.</summary>
    public required IReadOnlyList<string> MasterKeyIds { get; init; }

    /// <summary>The checksum of the manifest's file, as hexadecimal digits.</summary>
    public string? ManifestSha256 { get; init; }

    /// <summary>What it consists of, with counts and checksums; absent in lists, and until it is complete.</summary>
    public JsonElement? Manifest { get; init; }

    /// <summary>When all its files were read back from the copy; absent when there is none.</summary>
    public DateTimeOffset? CopiedAt { get; init; }

    /// <summary>Why it was not copied; absent when it was, or was not tried. The backup itself is good.</summary>
    public Failure? CopyFailure { get; init; }

    /// <summary>Why it failed; absent for one that was cancelled.</summary>
    public Failure? Failure { get; init; }

    public static RegistryBackupView InList(RegistryBackup backup) => Of(backup) with { Manifest = null };

    public static RegistryBackupView Of(RegistryBackup backup) => new()
    {
        Id = backup.Id,
        OperationId = backup.OperationId,
        State = JsonNamingPolicy.CamelCase.ConvertName(backup.State.ToString()),
        RequestedBy = backup.RequestedBy,
        Note = backup.Note,
        SchemaVersion = backup.SchemaVersion,
        StartedAt = backup.StartedAt,
        SnapshotAt = backup.SnapshotAt,
        EndedAt = backup.EndedAt,
        ExpiredAt = backup.ExpiredAt,
        Bytes = backup.Bytes,
        MasterKeyIds = backup.MasterKeyIds,
        ManifestSha256 = backup.Manifest is { } manifest ? Convert.ToHexStringLower(manifest.Sha256) : null,
        Manifest = backup.Manifest?.Content,
        CopiedAt = backup.CopiedAt,
        CopyFailure = backup.CopyFailure,
        Failure = backup.Failure,
    };
}
