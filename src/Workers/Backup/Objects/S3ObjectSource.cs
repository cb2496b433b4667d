using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using Saga.Contracts.Identifiers;
using Saga.Tenancy.Objects;

namespace Saga.Workers.Backup.Objects;

internal sealed class S3ObjectSource(S3Connection connection) : IObjectSource
{
    // What a bucket without versions calls an object's only one.
    private const string NoVersion = "null";

    public async IAsyncEnumerable<SourceObject> ListAsync(TenantId tenant, string? beginning, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var prefix = ObjectKey.Prefix(tenant);
        var request = new ListVersionsRequest { BucketName = connection.Bucket(tenant), Prefix = prefix + beginning };
        while (true)
        {
            var page = await S3Failures.RunAsync(() => connection.Client.ListVersionsAsync(request, cancellationToken), cancellationToken);
            foreach (var item in page.Versions ?? [])
            {
                if (item.IsLatest == true && item.IsDeleteMarker != true && item.Key.StartsWith(request.Prefix, StringComparison.Ordinal))
                {
                    yield return new(
                        item.Key[prefix.Length..], item.Size ?? 0, item.ETag?.Trim('"'), item.VersionId is null or NoVersion ? null : item.VersionId,
                        new(item.LastModified?.ToUniversalTime() ?? default, TimeSpan.Zero));
                }
            }

            if (page.IsTruncated != true)
                yield break;
            (request.KeyMarker, request.VersionIdMarker) = (page.NextKeyMarker, page.NextVersionIdMarker);
        }
    }

    public async Task<OpenedObject?> OpenAsync(TenantId tenant, SourceObject item, CancellationToken cancellationToken)
    {
        try
        {
            var response = await connection.Client.GetObjectAsync(
                new GetObjectRequest { BucketName = connection.Bucket(tenant), Key = ObjectKey.Prefix(tenant) + item.Key, VersionId = item.Version }, cancellationToken);
            return new(
                item with { Bytes = response.ContentLength, ETag = response.ETag?.Trim('"'), ModifiedAt = new(response.LastModified?.ToUniversalTime() ?? default, TimeSpan.Zero) },
                response.ResponseStream);
        }
        catch (AmazonS3Exception error) when (error.ErrorCode is "NoSuchKey" or "NoSuchVersion")
        {
            return null;
        }
        catch (Exception error) when (S3Failures.IsFailure(error, cancellationToken))
        {
            throw S3Failures.Translate(error);
        }
    }
}
