using System.ComponentModel.DataAnnotations;

namespace Saga.Registry.Backups;

/// <summary>A second place for backups, such as a bucket in another region. Off by default. Section <c>Saga:Backups:Copy</c>.</summary>
public sealed class BackupCopyOptions : IValidatableObject
{
    public const string Section = "Saga:Backups:Copy";

    /// <summary>The second bucket; created when missing. No copies are made when it and <see cref="Folder"/> are empty.</summary>
    [RegularExpression("^([a-z0-9][a-z0-9-]{1,61}[a-z0-9])?$", MatchTimeoutInMilliseconds = 60_000, ErrorMessage = "Saga:Backups:Copy:Bucket must be 3 to 63 characters of a-z, 0-9 and '-', with a letter or digit at both ends.")]
    public string Bucket { get; set; } = "";

    /// <summary>The server's address; Amazon's own for the region when empty.</summary>
    public string Endpoint { get; set; } = "";

    public string Region { get; set; } = "us-east-1";

    /// <summary>With <see cref="SecretKey"/>; both empty for the ambient credentials.</summary>
    public string AccessKey { get; set; } = "";

    public string SecretKey { get; set; } = "";

    /// <summary>Addresses buckets by path, as most servers other than Amazon's require.</summary>
    public bool ForcePathStyle { get; set; } = true;

    /// <summary>Server-side encryption of every file: <c>none</c> (as the bucket has it), <c>s3</c> (keys of the server) or <c>kms:&lt;key&gt;</c>.</summary>
    public string Encryption { get; set; } = "none";

    /// <summary>Instead of a bucket: a folder, such as one on another disk.</summary>
    public string Folder { get; set; } = "";

    /// <summary>How long after a failed copy it is tried again.</summary>
    [Range(1, 10_080, ErrorMessage = "Saga:Backups:Copy:RetryMinutes must be 1 to 10080.")]
    public int RetryMinutes { get; set; } = 60;

    public bool IsOn => Bucket.Length > 0 || Folder.Length > 0;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Bucket.Length > 0 && Folder.Length > 0)
            yield return new("Saga:Backups:Copy:Bucket and Saga:Backups:Copy:Folder must not both be given.");
        if (Endpoint.Length > 0 && !(Uri.TryCreate(Endpoint, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
            yield return new("Saga:Backups:Copy:Endpoint must be an http or https address, or empty for Amazon's own.");
        if (AccessKey.Length == 0 != (SecretKey.Length == 0))
            yield return new("Saga:Backups:Copy:AccessKey and Saga:Backups:Copy:SecretKey must both be given, or neither.");
    }
}
