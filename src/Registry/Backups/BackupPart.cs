using System.Text.Json;

namespace Saga.Registry.Backups;

/// <summary>One file of a backup.</summary>
public sealed record BackupPart
{
    /// <summary>Unique within the backup.</summary>
    public required string Name { get; init; }

    /// <summary>The step that wrote it.</summary>
    public required string Step { get; init; }

    /// <summary>The file's name in the store of backups.</summary>
    public required string File { get; init; }

    /// <summary>What the decrypted content is.</summary>
    public required string Format { get; init; }

    /// <summary>The file's size.</summary>
    public required long Bytes { get; init; }

    /// <summary>The size of the decrypted content.</summary>
    public required long PlainBytes { get; init; }

    /// <summary>The checksum of the file, which is checked without a key.</summary>
    public required byte[] Sha256 { get; init; }

    /// <summary>How much of what is in it, such as rows by table.</summary>
    public required IReadOnlyDictionary<string, long> Counts { get; init; }

    /// <summary>More that a restore or a person needs, such as the versions of the tools that made it.</summary>
    public required JsonElement Details { get; init; }
}
