using System.ComponentModel.DataAnnotations;

namespace Saga.Workers.Backup;

/// <summary>Backups of tenants. Section <c>Saga:Backups</c>.</summary>
public sealed class BackupOptions
{
    public const string Section = "Saga:Backups";

    /// <summary>The bucket, with the storage adapter <c>s3</c>; created when missing. By default <c>Saga:Storage:S3:Bucket</c> followed by <c>-backups</c>.</summary>
    [RegularExpression("^([a-z0-9][a-z0-9-]{1,61}[a-z0-9])?$", MatchTimeoutInMilliseconds = 60_000, ErrorMessage = "Saga:Backups:Bucket must be 3 to 63 characters of a-z, 0-9 and '-', with a letter or digit at both ends.")]
    public string Bucket { get; set; } = "";

    /// <summary>The folder, with the storage adapter <c>folder</c>. By default the folder <c>backups</c> in <c>Saga:Storage:Folder:Path</c>.</summary>
    public string Folder { get; set; } = "";

    /// <summary>The folder with pg_dump. By default the newest that Debian's packages have installed, or else the one in PATH.</summary>
    public string PostgresTools { get; set; } = "";

    /// <summary>How many backups one process reads from database servers at once.</summary>
    [Range(1, 64, ErrorMessage = "Saga:Backups:AtOnce must be 1 to 64.")]
    public int AtOnce { get; set; } = 4;

    /// <summary>How long the database of a restore is kept.</summary>
    [Range(1, 8760, ErrorMessage = "Saga:Backups:RestoredHours must be 1 to 8760.")]
    public int RestoredHours { get; set; } = 72;

    /// <summary>How long the last backup of a tenant is kept after it was deprovisioned, and the key that opens it.</summary>
    [Range(0, 3650, ErrorMessage = "Saga:Backups:FinalDays must be 0 to 3650.")]
    public int FinalDays { get; set; } = 90;
}
