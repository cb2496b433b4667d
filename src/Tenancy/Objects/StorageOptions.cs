using Microsoft.Extensions.Options;

namespace Saga.Tenancy.Objects;

/// <summary>Where objects are stored. Section <c>Saga:Storage</c>.</summary>
public sealed class StorageOptions
{
    public const string Section = "Saga:Storage";
    public const string S3Adapter = "s3";
    public const string FolderAdapter = "folder";

    /// <summary><c>s3</c> or <c>folder</c>.</summary>
    public string Adapter { get; set; } = "";

    public FolderStorageOptions Folder { get; set; } = new();

    public S3StorageOptions S3 { get; set; } = new();
}

public sealed class FolderStorageOptions
{
    /// <summary>Created when missing. Must be on a case-sensitive file system; otherwise keys that differ only in case are one object.</summary>
    public string Path { get; set; } = "";
}

public sealed class S3StorageOptions
{
    public const string PrefixLayout = "prefix";
    public const string BucketLayout = "bucket";
    public const string NoEncryption = "none";
    public const string ServersEncryption = "s3";
    public const int DefaultNoncurrentDays = 90;

    /// <summary>The server's address; Amazon's own for the region when empty.</summary>
    public string ServiceUrl { get; set; } = "";

    public string Region { get; set; } = "us-east-1";

    /// <summary>With <see cref="SecretKey"/>; both empty for the ambient credentials (environment, instance role).</summary>
    public string AccessKey { get; set; } = "";

    public string SecretKey { get; set; } = "";

    /// <summary>The bucket for all tenants (layout <c>prefix</c>), or the prefix of the tenants' bucket names (layout <c>bucket</c>).</summary>
    public string Bucket { get; set; } = "";

    /// <summary><c>prefix</c>: one bucket, a prefix per tenant; <c>bucket</c>: a bucket per tenant.</summary>
    public string Layout { get; set; } = PrefixLayout;

    /// <summary>Addresses buckets by path, as most servers other than Amazon's require.</summary>
    public bool ForcePathStyle { get; set; } = true;

    /// <summary>Whether to refuse a server without policies, lifecycles, versions or upload lists. Set to false only for development servers.</summary>
    public bool RequirePolicy { get; set; } = true;

    /// <summary>For how many days versions that were replaced or deleted are kept. It also applies to the folder.</summary>
    public int NoncurrentDays { get; set; } = DefaultNoncurrentDays;

    /// <summary>Server-side encryption of every object: <c>none</c> (as the bucket has it), <c>s3</c> (keys of the server) or <c>kms:&lt;key&gt;</c>.</summary>
    public string Encryption { get; set; } = NoEncryption;

    /// <summary>Time limit for one call to the server.</summary>
    public int TimeoutSeconds { get; set; } = 30;

    /// <summary>How long the server may still act on a request that got no answer. After such a request, the compensation runs once more when this time is over.</summary>
    public int LingersForSeconds { get; set; } = 15;
}

internal sealed class StorageOptionsValidation : IValidateOptions<StorageOptions>
{
    public ValidateOptionsResult Validate(string? name, StorageOptions options)
    {
        var errors = new List<string>();
        if (options.Adapter == StorageOptions.FolderAdapter)
        {
            if (string.IsNullOrWhiteSpace(options.Folder.Path))
                errors.Add("Saga:Storage:Folder:Path must be the folder for the objects.");
        }
        else if (options.Adapter == StorageOptions.S3Adapter)
        {
            S3(options.S3, errors);
        }
        else
        {
            errors.Add("Saga:Storage:Adapter must be 's3' or 'folder'.");
        }

        if (options.S3.NoncurrentDays is < 1 or > 36_500)
            errors.Add("Saga:Storage:S3:NoncurrentDays must be 1 to 36500.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static void S3(S3StorageOptions s3, List<string> errors)
    {
        if (s3.ServiceUrl.Length > 0 && !(Uri.TryCreate(s3.ServiceUrl, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
            errors.Add("Saga:Storage:S3:ServiceUrl must be an http or https address, or empty for Amazon's own.");
        if (string.IsNullOrWhiteSpace(s3.Region))
            errors.Add("Saga:Storage:S3:Region must be a region's name, such as 'eu-central-1'.");
        if (s3.AccessKey.Length == 0 != (s3.SecretKey.Length == 0))
            errors.Add("Saga:Storage:S3:AccessKey and Saga:Storage:S3:SecretKey must both be given, or neither.");
        if (s3.Layout is not (S3StorageOptions.PrefixLayout or S3StorageOptions.BucketLayout))
            errors.Add("Saga:Storage:S3:Layout must be 'prefix' or 'bucket'.");
        var longest = s3.Layout == S3StorageOptions.BucketLayout ? 30 : 63;
        if (s3.Bucket.Length < 3 || s3.Bucket.Length > longest || !s3.Bucket.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
            || s3.Bucket[0] == '-' || s3.Bucket[^1] == '-')
        {
            errors.Add($"Saga:Storage:S3:Bucket must be 3 to {longest} characters of a-z, 0-9 and '-' for the layout '{s3.Layout}', with a letter or digit at both ends.");
        }

        if (S3Encryption.Parse(s3.Encryption) is null)
            errors.Add("Saga:Storage:S3:Encryption must be 'none', 's3' or 'kms:' and the key's id.");
        if (s3.TimeoutSeconds is < 1 or > 600)
            errors.Add("Saga:Storage:S3:TimeoutSeconds must be 1 to 600.");
        if (s3.LingersForSeconds is < 0 or > 3600)
            errors.Add("Saga:Storage:S3:LingersForSeconds must be 0 to 3600.");
    }
}
