using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using Saga.Tenancy.Objects;

namespace Saga.Workers.Storage;

/// <summary>Lists objects page by page.</summary>
internal static class S3Listing
{
    /// <summary>The pages of a list; none when there is no such bucket.</summary>
    /// <param name="connection">The server.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="prefix">What the keys begin with.</param>
    /// <param name="delimiter">Ends the prefixes that stand for the keys below them; null to list every key.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    /// <exception cref="ObjectStoreException">The server refused, or did not answer.</exception>
    public static async IAsyncEnumerable<ListObjectsV2Response> PagesAsync(
        S3Connection connection, string bucket, string prefix, string? delimiter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request { BucketName = bucket, Prefix = prefix, Delimiter = delimiter };
        do
        {
            if (await S3Failures.RunAsync(() => PageAsync(connection, request, cancellationToken), cancellationToken) is not { } page)
                yield break;
            yield return page;
            request.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (request.ContinuationToken is not null);
    }

    /// <summary>When an object was written.</summary>
    public static DateTimeOffset? Time(DateTime? at) => at is { } time ? new DateTimeOffset(time.ToUniversalTime()) : null;

    private static async Task<ListObjectsV2Response?> PageAsync(S3Connection connection, ListObjectsV2Request request, CancellationToken cancellationToken)
    {
        try
        {
            return await connection.Client.ListObjectsV2Async(request, cancellationToken);
        }
        catch (AmazonS3Exception error) when (error.ErrorCode == "NoSuchBucket")
        {
            return null;
        }
    }
}
