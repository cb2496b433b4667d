using System.Net;
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
    // The version of an object that was written before there were versions.
    private const string NullVersion = "null";

    private readonly string bucket = connection.Bucket(tenant);
    private readonly string prefix = ObjectKey.Prefix(tenant);

    public TenantId Tenant { get; } = tenant;

    public async Task PutAsync(ObjectKey key, Stream content, CancellationToken cancellationToken)
    {
        // S3 needs the length up front, so streams without a known length are spooled.
        await using var spool = content.CanSeek ? null : await SpoolAsync(content, cancellationToken);
        var request = new PutObjectRequest
        {
            BucketName = bucket,
            Key = key.In(Tenant),
            InputStream = spool ?? content,
            AutoCloseStream = false,
            UseChunkEncoding = false,
        };
        connection.Encryption.ApplyTo(request);
        await S3Failures.RunAsync(() => connection.Client.PutObjectAsync(request, cancellationToken), cancellationToken);
    }

    public Task<Stream?> GetAsync(ObjectKey key, CancellationToken cancellationToken) =>
        GetAsync(new GetObjectRequest { BucketName = bucket, Key = key.In(Tenant) }, cancellationToken);

    public Task<Stream?> GetAsync(ObjectKey key, string version, CancellationToken cancellationToken) =>
        GetAsync(new GetObjectRequest { BucketName = bucket, Key = key.In(Tenant), VersionId = version }, cancellationToken);

    private async Task<Stream?> GetAsync(GetObjectRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var response = await connection.Client.GetObjectAsync(request, cancellationToken);
            return response.ResponseStream;
        }
        // A version that is a deletion is 405, and an id that no version can have is 400 on some servers.
        catch (AmazonS3Exception error) when (error.ErrorCode is "NoSuchKey" or "NoSuchVersion"
            || (request.VersionId is not null && (error.StatusCode == HttpStatusCode.MethodNotAllowed || error.ErrorCode is "InvalidArgument")))
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

    public async IAsyncEnumerable<ObjectVersion> VersionsAsync(ObjectKey key, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var name = key.In(Tenant);
        var request = new ListVersionsRequest { BucketName = bucket, Prefix = name };
        while (true)
        {
            if (await FindVersionsAsync(request, cancellationToken) is not { } page)
            {
                if (await ExistsAsync(key, cancellationToken))
                    yield return new(NullVersion, 0, default, IsCurrent: true, IsDeletion: false);
                yield break;
            }

            // Keys are listed in order, so those that only begin with the name come after its versions.
            foreach (var found in (page.Versions ?? []).Where(v => v.Key == name))
            {
                yield return new(
                    found.VersionId ?? NullVersion, found.IsDeleteMarker == true ? 0 : found.Size ?? 0, new DateTimeOffset(found.LastModified?.ToUniversalTime() ?? default, TimeSpan.Zero),
                    found.IsLatest == true, found.IsDeleteMarker == true);
            }

            if (page.IsTruncated != true || page.NextKeyMarker != name)
                yield break;
            (request.KeyMarker, request.VersionIdMarker) = (page.NextKeyMarker, page.NextVersionIdMarker);
        }
    }

    public Task DeleteAsync(ObjectKey key, string version, CancellationToken cancellationToken) => S3Failures.RunAsync(
        async () =>
        {
            try
            {
                return await connection.Client.DeleteObjectAsync(bucket, key.In(Tenant), version, cancellationToken);
            }
            catch (AmazonS3Exception error) when (error.ErrorCode is "NoSuchVersion" or "NoSuchKey")
            {
                return null;
            }
        },
        cancellationToken);

    public Task<ObjectProtection> ProtectionAsync(ObjectKey key, CancellationToken cancellationToken) => S3Failures.RunAsync(
        async () =>
        {
            var showing = connection.Client.GetObjectMetadataAsync(bucket, key.In(Tenant), cancellationToken);
            var keeping = UnlessUnsupportedAsync(async () =>
                (bool?)((await connection.Client.GetBucketVersioningAsync(bucket, cancellationToken)).VersioningConfig?.Status == VersionStatus.Enabled));
            var expiring = UnlessUnsupportedAsync(() => ShortestRuleAsync(cancellationToken));
            await Task.WhenAll(showing, keeping, expiring);
            var (shown, rule) = (await showing, await expiring);
            return new ObjectProtection
            {
                KeepsVersions = await keeping,
                NoncurrentDays = rule?.NoncurrentVersionExpiration.NoncurrentDays,
                ForeignRule = rule is { Id: { } id } && id != ObjectProtection.VersionRuleId ? id : null,
                Encryption = S3Encryption.Describe(shown.ServerSideEncryptionMethod, shown.ServerSideEncryptionKeyManagementServiceKeyId),
            };
        },
        cancellationToken);

    // The one with the shortest time, because each rule deletes.
    private async Task<LifecycleRule?> ShortestRuleAsync(CancellationToken cancellationToken)
    {
        try
        {
            var found = await connection.Client.GetLifecycleConfigurationAsync(new GetLifecycleConfigurationRequest { BucketName = bucket }, cancellationToken);
            return (found.Configuration?.Rules ?? []).Where(r => r.Status == LifecycleRuleStatus.Enabled && r.NoncurrentVersionExpiration?.NoncurrentDays is not null && Covers(r))
                .OrderBy(r => r.NoncurrentVersionExpiration.NoncurrentDays).ThenByDescending(r => r.Id == ObjectProtection.VersionRuleId).FirstOrDefault();
        }
        catch (AmazonS3Exception error) when (error.ErrorCode == "NoSuchLifecycleConfiguration")
        {
            return null;
        }
    }

    private bool Covers(LifecycleRule rule) =>
        rule.Filter?.LifecycleFilterPredicate is LifecyclePrefixPredicate { Prefix: { } covered } && prefix.StartsWith(covered, StringComparison.Ordinal);

    private async Task<ListVersionsResponse?> FindVersionsAsync(ListVersionsRequest request, CancellationToken cancellationToken) =>
        await S3Failures.RunAsync(() => UnlessUnsupportedAsync(() => connection.Client.ListVersionsAsync(request, cancellationToken)), cancellationToken);

    // A server without versions or lifecycles is allowed for development only.
    private async Task<T?> UnlessUnsupportedAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (AmazonS3Exception error) when (S3Failures.IsUnsupported(error) && !connection.RequiresPolicy)
        {
            return default;
        }
    }

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
