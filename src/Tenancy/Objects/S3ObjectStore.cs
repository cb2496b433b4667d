using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using Saga.Contracts.Identifiers;

namespace Saga.Tenancy.Objects;

/// <summary>Objects in S3, below the tenant's prefix.</summary>
internal sealed class S3ObjectStore(S3Connection connection) : IObjectStore
{
    public ITenantObjects For(TenantId tenant) => new S3TenantObjects(connection, tenant);
}

internal sealed class S3TenantObjects(S3Connection connection, TenantId tenant) : ITenantObjects
{
    private readonly string bucket = connection.Bucket(tenant);
    private readonly string prefix = ObjectKey.Prefix(tenant);

    public TenantId Tenant { get; } = tenant;

    public async Task PutAsync(ObjectKey key, Stream content, CancellationToken cancellationToken)
    {
        // S3 needs the length up front, so streams without a known length are spooled.
        await using var spool = content.CanSeek ? null : await SpoolAsync(content, cancellationToken);
        await S3Failures.RunAsync(
            () => connection.Client.PutObjectAsync(
                new PutObjectRequest
                {
                    BucketName = bucket,
                    Key = key.In(Tenant),
                    InputStream = spool ?? content,
                    AutoCloseStream = false,
                    UseChunkEncoding = false,
                },
                cancellationToken),
            cancellationToken);
    }

    public async Task<Stream?> GetAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        try
        {
            var response = await connection.Client.GetObjectAsync(bucket, key.In(Tenant), cancellationToken);
            return response.ResponseStream;
        }
        catch (AmazonS3Exception error) when (error.ErrorCode == "NoSuchKey")
        {
            return null;
        }
        catch (Exception error) when (S3Failures.IsFailure(error, cancellationToken))
        {
            throw S3Failures.Translate(error);
        }
    }

    public async Task<bool> ExistsAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        try
        {
            await connection.Client.GetObjectMetadataAsync(bucket, key.In(Tenant), cancellationToken);
            return true;
        }
        catch (AmazonS3Exception error) when (S3Failures.IsMissing(error))
        {
            return false;
        }
        catch (Exception error) when (S3Failures.IsFailure(error, cancellationToken))
        {
            throw S3Failures.Translate(error);
        }
    }

    public async IAsyncEnumerable<ObjectEntry> ListAsync(ObjectKey? folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request { BucketName = bucket, Prefix = folder is { } f ? f.In(Tenant) + "/" : prefix };
        do
        {
            var page = await S3Failures.RunAsync(() => connection.Client.ListObjectsV2Async(request, cancellationToken), cancellationToken);
            foreach (var item in page.S3Objects ?? [])
            {
                // If a server returns more than requested, the tenant must still not see it.
                if (item.Key.StartsWith(prefix, StringComparison.Ordinal))
                    yield return new ObjectEntry(item.Key[prefix.Length..], item.Size ?? 0, new DateTimeOffset(item.LastModified?.ToUniversalTime() ?? default, TimeSpan.Zero));
            }

            request.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (request.ContinuationToken is not null);
    }

    public Task DeleteAsync(ObjectKey key, CancellationToken cancellationToken) =>
        S3Failures.RunAsync(() => connection.Client.DeleteObjectAsync(bucket, key.In(Tenant), cancellationToken), cancellationToken);

    private static async Task<FileStream> SpoolAsync(Stream content, CancellationToken cancellationToken)
    {
        var spool = new FileStream(
            Path.GetTempFileName(), FileMode.Create, FileAccess.ReadWrite, FileShare.None, 81920, FileOptions.DeleteOnClose | FileOptions.Asynchronous);
        try
        {
            await content.CopyToAsync(spool, cancellationToken);
            spool.Position = 0;
            return spool;
        }
        catch
        {
            await spool.DisposeAsync();
            throw;
        }
    }
}
