using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Options;
using Saga.Registry.Exports;
using Saga.Tenancy.Objects;

namespace Saga.Api.Exports;

/// <summary>Gives links to exports' files. They are made without asking the store, and stored nowhere. Thread-safe.</summary>
/// <param name="storage">The store; without an adapter there are no links.</param>
/// <param name="options">Where the files are.</param>
/// <param name="time">The clock.</param>
/// <param name="s3">The S3 server, with the adapter <c>s3</c>.</param>
internal sealed class ExportLinks(IOptions<StorageOptions> storage, IOptions<ExportLinkOptions> options, TimeProvider time, S3Connection? s3 = null)
{
    /// <summary>The links that the Api serves itself; null with another adapter than <c>folder</c>.</summary>
    public FolderLinks? Folder { get; } = storage.Value.Adapter == StorageOptions.FolderAdapter
        ? new(options.Value.Folder.Length > 0 ? options.Value.Folder : Path.Combine(storage.Value.Folder.Path, "exports"))
        : null;

    /// <summary>Whether the Api knows the store.</summary>
    public bool AreAvailable => Folder is not null || (storage.Value.Adapter == StorageOptions.S3Adapter && s3 is not null);

    /// <summary>Until when a link to the file is valid that is given now; null when the file has expired.</summary>
    public DateTimeOffset? Until(TenantExport export)
    {
        var now = time.GetUtcNow();
        if (export is not { State: ExportState.Completed, ExpiresAt: { } expires } || expires <= now)
            return null;
        var until = now.AddMinutes(options.Value.LinkMinutes);
        return until < expires ? until : expires;
    }

    /// <exception cref="AmazonS3Exception">The credentials cannot be had.</exception>
    /// <exception cref="IOException">The folder cannot be used.</exception>
    public async Task<string> CreateAsync(TenantExport export, DateTimeOffset until, HttpRequest request)
    {
        if (Folder is not null)
            return UriHelper.BuildAbsolute(request.Scheme, request.Host, request.PathBase, $"/api/v1/exports/{export.Id}/content", new(Folder.Query(export.Id, until)));
        return await s3!.Client.GetPreSignedURLAsync(new GetPreSignedUrlRequest
        {
            BucketName = options.Value.Bucket.Length > 0 ? options.Value.Bucket : $"{storage.Value.S3.Bucket}-exports",
            Key = export.File,
            Expires = until.UtcDateTime,
            Protocol = storage.Value.S3.ServiceUrl.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? Protocol.HTTP : Protocol.HTTPS,
            ResponseHeaderOverrides = new() { ContentType = ContentType, ContentDisposition = $"attachment; filename=\"{FileName(export)}\"" },
        });
    }

    public const string ContentType = "application/zip";

    public static string FileName(TenantExport export) => $"{export.Slug}-{export.Id}.zip";
}
