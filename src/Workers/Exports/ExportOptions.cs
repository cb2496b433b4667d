using System.ComponentModel.DataAnnotations;

namespace Saga.Workers.Exports;

/// <summary>Exports of tenants' data. Section <c>Saga:Exports</c>.</summary>
public sealed class ExportOptions
{
    public const string Section = "Saga:Exports";

    /// <summary>The bucket, with the storage adapter <c>s3</c>; created when missing. By default <c>Saga:Storage:S3:Bucket</c> followed by <c>-exports</c>.</summary>
    [RegularExpression("^([a-z0-9][a-z0-9-]{1,61}[a-z0-9])?$", MatchTimeoutInMilliseconds = 60_000, ErrorMessage = "Saga:Exports:Bucket must be 3 to 63 characters of a-z, 0-9 and '-', with a letter or digit at both ends.")]
    public string Bucket { get; set; } = "";

    /// <summary>The folder, with the storage adapter <c>folder</c>. By default the folder <c>exports</c> in <c>Saga:Storage:Folder:Path</c>.</summary>
    public string Folder { get; set; } = "";

    /// <summary>How long the file of an export is kept.</summary>
    [Range(1, 8760, ErrorMessage = "Saga:Exports:KeepHours must be 1 to 8760.")]
    public int KeepHours { get; set; } = 168;
}
