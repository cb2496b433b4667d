namespace Saga.Registry.Exports;

/// <summary>A file that was written.</summary>
public sealed record WrittenExport
{
    public required string File { get; init; }

    public required long Bytes { get; init; }

    public required byte[] Sha256 { get; init; }

    public required IReadOnlyDictionary<string, long> Counts { get; init; }

    /// <summary>When the rows were as they are in it; null when it has none.</summary>
    public DateTimeOffset? SnapshotAt { get; init; }

    public int? SchemaVersion { get; init; }
}
