using System.Text.Json;
using Saga.Contracts.Identifiers;
using Saga.Registry.Backups;
using Saga.Workers.Backup.Format;

namespace Saga.Workers.Backup;

/// <summary>What a backup consists of. It is stored beside the parts, unencrypted, and in the registry. It contains no key and no secret.</summary>
internal sealed record BackupManifest
{
    public const int CurrentFormat = 1;

    /// <summary>The version of this record. It grows when an older program could not restore the backup.</summary>
    public required int Format { get; init; }

    public required Guid BackupId { get; init; }

    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    public required string Plan { get; init; }

    public required IsolationTier Tier { get; init; }

    public required Guid OperationId { get; init; }

    public required string RequestedBy { get; init; }

    public string? Note { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The state that the rows have.</summary>
    public required DateTimeOffset SnapshotAt { get; init; }

    /// <summary>The version of the product's schema.</summary>
    public int? SchemaVersion { get; init; }

    public required bool IncludesObjects { get; init; }

    /// <summary>The version of this program.</summary>
    public required string SagaVersion { get; init; }

    public required IReadOnlyList<ManifestPart> Parts { get; init; }
}

/// <summary>One part in a manifest.</summary>
internal sealed record ManifestPart
{
    public required string Name { get; init; }

    public required string File { get; init; }

    public required string Format { get; init; }

    /// <summary>The version of the encryption's format.</summary>
    public required int Encryption { get; init; }

    public required long Bytes { get; init; }

    public required long PlainBytes { get; init; }

    /// <summary>The file's checksum, as hexadecimal digits.</summary>
    public required string Sha256 { get; init; }

    public required IReadOnlyDictionary<string, long> Counts { get; init; }

    public required JsonElement Details { get; init; }

    public static ManifestPart Of(BackupPart part) => new()
    {
        Name = part.Name,
        File = part.File,
        Format = part.Format,
        Encryption = PartFormat.Version,
        Bytes = part.Bytes,
        PlainBytes = part.PlainBytes,
        Sha256 = Convert.ToHexStringLower(part.Sha256),
        Counts = part.Counts,
        Details = part.Details,
    };
}
