namespace Saga.Workers.Backup;

/// <summary>The parts of a backup, and what their decrypted content is. Manifests contain these words, so they keep their meaning.</summary>
internal static class PartNames
{
    public const string Rows = "rows";
    public const string Settings = "settings";
    public const string Objects = "objects";
    public const string Contents = "contents";

    /// <summary>The registry, in a backup of its own.</summary>
    public const string Registry = "registry";

    /// <summary>pg_dump's custom format, of one schema.</summary>
    public const string DumpFormat = "pg_dump";

    /// <summary>A gzip-compressed archive with an entry for each table: COPY's text format.</summary>
    public const string CopyFormat = "copy-text";

    public const string JsonFormat = "json";

    /// <summary>Gzip-compressed lines of JSON.</summary>
    public const string LinesFormat = "json-lines";

    /// <summary>An archive with an entry for each object.</summary>
    public const string ArchiveFormat = "archive";
}
