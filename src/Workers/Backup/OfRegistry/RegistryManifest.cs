namespace Saga.Workers.Backup.OfRegistry;

/// <summary>
/// What a backup of the registry consists of. It is stored beside the dump, unencrypted, so that a restore needs nothing but the object store and
/// the master keys. It has the ids of master keys, and never a key in clear.
/// </summary>
internal sealed record RegistryManifest
{
    public const int CurrentFormat = 1;

    /// <summary>The version of this record. It grows when an older program could not restore the backup.</summary>
    public required int Format { get; init; }

    public required Guid BackupId { get; init; }

    public required Guid OperationId { get; init; }

    public required string RequestedBy { get; init; }

    public string? Note { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The state that the rows have.</summary>
    public required DateTimeOffset SnapshotAt { get; init; }

    /// <summary>The highest migration of the registry in it.</summary>
    public required int SchemaVersion { get; init; }

    /// <summary>The version of this program.</summary>
    public required string SagaVersion { get; init; }

    /// <summary>The ids of all master keys without which the backup, or a key in it, cannot be opened.</summary>
    public required IReadOnlyList<string> MasterKeyIds { get; init; }

    /// <summary>The backup's own key; absent where it is only shown.</summary>
    public WrappedBackupKey? Key { get; init; }

    public required IReadOnlyList<ManifestPart> Parts { get; init; }
}

/// <param name="MasterKeyId">The master key that wraps it.</param>
/// <param name="Wrapped">The wrapped key.</param>
internal sealed record WrappedBackupKey(string MasterKeyId, byte[] Wrapped);

/// <summary>What a manifest says about the dump.</summary>
/// <param name="ServerVersion">The version of the registry's PostgreSQL server.</param>
/// <param name="DumpVersion">The version of pg_dump.</param>
internal sealed record DumpDetails(string ServerVersion, string DumpVersion);
