using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Exports;

/// <summary>Links to exports' files. Section <c>Saga:Exports</c>. The Api also needs <c>Saga:Storage</c>, with credentials that may read the bucket of exports and nothing else.</summary>
public sealed class ExportLinkOptions
{
    public const string Section = "Saga:Exports";

    /// <summary>The bucket, as the workers have it.</summary>
    public string Bucket { get; set; } = "";

    /// <summary>The folder, as the workers have it.</summary>
    public string Folder { get; set; } = "";

    /// <summary>How long a link is valid.</summary>
    [Range(1, 1440, ErrorMessage = "Saga:Exports:LinkMinutes must be 1 to 1440.")]
    public int LinkMinutes { get; set; } = 15;
}
