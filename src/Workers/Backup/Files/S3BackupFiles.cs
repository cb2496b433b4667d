using System.Net;
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

    public Task<IReadOnlyList<string>> ListAsync(string folder, CancellationToken cancellationToken) => S3Failures.RunAsync<IReadOnlyList<string>>(
        async () =>
        {
            var names = new List<string>();
            var request = new ListObjectsV2Request { BucketName = bucket, Prefix = folder + "/" };
            try
            {
                do
                {
                    var page = await connection.Client.ListObjectsV2Async(request, cancellationToken);
                    names.AddRange((page.S3Objects ?? []).Select(o => o.Key));
                    request.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
                }
                while (request.ContinuationToken is not null);
            }
            catch (AmazonS3Exception error) when (error.ErrorCode == "NoSuchBucket")
            {
                // No backup was ever made.
            }

            return names;
        },
        cancellationToken);

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
