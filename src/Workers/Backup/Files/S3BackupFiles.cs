using System.Net;
using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Options;
using Saga.Tenancy.Objects;
using Saga.Workers.Storage;

namespace Saga.Workers.Backup.Files;

/// <summary>Files in a bucket of their own.</summary>
internal sealed class S3BackupFiles(S3Connection connection, S3PrefixRemoval removal, IOptions<StorageOptions> storage, IOptions<BackupOptions> options) : IBackupFiles
{
    private readonly string bucket = Bucket(storage.Value, options.Value);
    private volatile bool exists;

    public TimeSpan LingersFor => connection.LingersFor;

    /// <summary>The bucket with all files.</summary>
    public static string Bucket(StorageOptions objects, BackupOptions backups) => backups.Bucket.Length > 0 ? backups.Bucket : $"{objects.S3.Bucket}-backups";

    public async Task<FileUpload> CreateAsync(string name, CancellationToken cancellationToken)
    {
        await S3Failures.RunAsync(() => EnsureBucketAsync(cancellationToken), cancellationToken);
        return new S3Upload(connection, bucket, name);
    }

    public async Task<Stream?> OpenAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return (await connection.Client.GetObjectAsync(bucket, name, cancellationToken)).ResponseStream;
        }
        catch (AmazonS3Exception error) when (error.ErrorCode is "NoSuchKey" or "NoSuchBucket")
        {
            return null;
        }
        catch (Exception error) when (S3Failures.IsFailure(error, cancellationToken))
        {
            throw S3Failures.Translate(error);
        }
    }

    public async Task<IReadOnlyList<string>> ListAsync(string folder, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        await foreach (var page in PagesAsync(folder + "/", cancellationToken))
            names.AddRange(page.Select(f => f.Name));
        return names;
    }

    public IAsyncEnumerable<IReadOnlyList<StoredFile>> PagesAsync(CancellationToken cancellationToken) => PagesAsync("", cancellationToken);

    private async IAsyncEnumerable<IReadOnlyList<StoredFile>> PagesAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Without the bucket, no backup was ever made.
        await foreach (var page in S3Listing.PagesAsync(connection, bucket, prefix, null, cancellationToken))
            yield return [.. (page.S3Objects ?? []).Select(o => new StoredFile(o.Key, o.Size ?? 0, S3Listing.Time(o.LastModified)))];
    }

    public Task RemoveAsync(string folder, CancellationToken cancellationToken) => S3Failures.RunAsync(
        async () =>
        {
            try
            {
                await removal.RemoveAsync(bucket, folder + "/", cancellationToken);
            }
            catch (AmazonS3Exception error) when (error.ErrorCode == "NoSuchBucket")
            {
                // No backup was ever made.
            }

            return true;
        },
        cancellationToken);

    private async Task<bool> EnsureBucketAsync(CancellationToken cancellationToken)
    {
        if (exists || await HasBucketAsync(cancellationToken))
            return exists = true;
        try
        {
            await connection.Client.PutBucketAsync(new PutBucketRequest { BucketName = bucket, UseClientRegion = connection.IsAmazon }, cancellationToken);
        }
        catch (AmazonS3Exception error) when (error.ErrorCode is "BucketAlreadyOwnedByYou" or "BucketAlreadyExists")
        {
            // Another process has created it in the meantime, or it belongs to another account and must not be used.
            if (error.ErrorCode == "BucketAlreadyExists" && !await HasBucketAsync(cancellationToken))
                throw;
        }

        return exists = true;
    }

    private async Task<bool> HasBucketAsync(CancellationToken cancellationToken)
    {
        try
        {
            await connection.Client.HeadBucketAsync(new HeadBucketRequest { BucketName = bucket }, cancellationToken);
            return true;
        }
        catch (AmazonS3Exception error) when (error.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }
    }
}
