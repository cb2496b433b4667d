using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using Saga.Tenancy.Objects;
using Saga.Contracts.Failures;

namespace Saga.Workers.Storage;

/// <summary>
/// Empties a prefix permanently: current objects, old versions, delete markers and unfinished uploads, which listings do not show.
/// It verifies that nothing is left.
/// </summary>
internal sealed class S3PrefixRemoval(S3Connection connection)
{
    private const int KeysPerCall = 1000;

    /// <param name="bucket">The bucket.</param>
    /// <param name="prefix">The prefix.</param>
    /// <param name="cancellationToken">Cancels the calls; what was deleted is gone.</param>
    /// <param name="removing">Called with what was removed so far, after each call.</param>
    /// <exception cref="ObjectStoreException">Something could not be deleted, or new objects appear as fast as they are deleted.</exception>
    public async Task RemoveAsync(string bucket, string prefix, CancellationToken cancellationToken, Action<StoredObjects>? removing = null)
    {
        var removed = new StoredObjects(0, 0);
        await foreach (var upload in UploadsAsync(bucket, prefix, cancellationToken))
        {
            await AbortAsync(bucket, upload, cancellationToken);
            removing?.Invoke(removed = removed with { Uploads = removed.Uploads + 1 });
        }

        await foreach (var page in VersionsAsync(bucket, prefix, cancellationToken))
        {
            foreach (var some in page.Chunk(KeysPerCall))
            {
                await DeleteAsync(bucket, some, cancellationToken);
                removing?.Invoke(removed = removed with { Objects = removed.Objects + some.Length });
            }
        }

        if (await AnyAsync(bucket, prefix, cancellationToken))
        {
            throw new ObjectStoreException(
                S3Failures.System, "s3-not-empty", $"s3://{bucket}/{prefix} still has objects after all were deleted: something still writes there.", FailureKind.Transient);
        }
    }

    /// <summary>How much there is under the prefix.</summary>
    public async Task<StoredObjects> CountAsync(string bucket, string prefix, CancellationToken cancellationToken)
    {
        var (objects, uploads) = (0L, 0L);
        await foreach (var page in VersionsAsync(bucket, prefix, cancellationToken))
            objects += page.Count;
        await foreach (var _ in UploadsAsync(bucket, prefix, cancellationToken))
            uploads++;
        return new(objects, uploads);
    }

    public async Task<bool> AnyAsync(string bucket, string prefix, CancellationToken cancellationToken)
    {
        await foreach (var page in VersionsAsync(bucket, prefix, cancellationToken))
        {
            if (page.Count > 0)
                return true;
        }

        await foreach (var _ in UploadsAsync(bucket, prefix, cancellationToken))
            return true;
        return false;
    }

    private async Task DeleteAsync(string bucket, KeyVersion[] keys, CancellationToken cancellationToken)
    {
        List<DeleteError> errors;
        try
        {
            var answer = await connection.Client.DeleteObjectsAsync(
                new DeleteObjectsRequest { BucketName = bucket, Objects = [.. keys], Quiet = true }, cancellationToken);
            errors = answer.DeleteErrors ?? [];
        }
        catch (DeleteObjectsException error)
        {
            // The response was 200, but some keys were not deleted.
            errors = error.Response.DeleteErrors;
        }

        var refused = errors.Where(e => e.Code is not ("NoSuchKey" or "NoSuchVersion")).ToList();
        if (refused.Count == 0)
            return;
        var first = refused[0];
        throw new ObjectStoreException(
            S3Failures.System, "s3-delete-refused",
            $"{refused.Count} of {keys.Length} objects in s3://{bucket} were not deleted; the first is '{first.Key}': {first.Code} {first.Message}",
            refused.Select(e => FailureKinds.OfS3(e.Code, 403)).Aggregate(Graver));
    }

    // Permanent failures take precedence, then kinds that cost no attempt.
    private static FailureKind Graver(FailureKind one, FailureKind other) =>
        one == FailureKind.Permanent || other == FailureKind.Permanent ? FailureKind.Permanent : one > other ? one : other;

    private async Task AbortAsync(string bucket, MultipartUpload upload, CancellationToken cancellationToken)
    {
        try
        {
            await connection.Client.AbortMultipartUploadAsync(bucket, upload.Key, upload.UploadId, cancellationToken);
        }
        catch (AmazonS3Exception error) when (error.ErrorCode == "NoSuchUpload")
        {
            // The upload ended in the meantime; its object is deleted with the rest.
        }
    }

    private async IAsyncEnumerable<MultipartUpload> UploadsAsync(
        string bucket, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListMultipartUploadsRequest { BucketName = bucket, Prefix = prefix };
        while (true)
        {
            ListMultipartUploadsResponse page;
            try
            {
                page = await connection.Client.ListMultipartUploadsAsync(request, cancellationToken);
            }
            catch (AmazonS3Exception error) when (S3Failures.IsUnsupported(error) && !connection.RequiresPolicy)
            {
                yield break;
            }

            foreach (var upload in page.MultipartUploads ?? [])
                yield return upload;
            if (page.IsTruncated != true)
                yield break;
            (request.KeyMarker, request.UploadIdMarker) = (page.NextKeyMarker, page.NextUploadIdMarker);
        }
    }

    private async IAsyncEnumerable<IReadOnlyList<KeyVersion>> VersionsAsync(
        string bucket, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListVersionsRequest { BucketName = bucket, Prefix = prefix };
        while (true)
        {
            ListVersionsResponse? page = null;
            try
            {
                page = await connection.Client.ListVersionsAsync(request, cancellationToken);
            }
            catch (AmazonS3Exception error) when (S3Failures.IsUnsupported(error) && !connection.RequiresPolicy)
            {
                // A server without versions has only current objects.
            }

            if (page is null)
            {
                await foreach (var current in CurrentAsync(bucket, prefix, cancellationToken))
                    yield return current;
                yield break;
            }

            yield return [.. (page.Versions ?? []).Select(v => new KeyVersion { Key = v.Key, VersionId = v.VersionId })];
            if (page.IsTruncated != true)
                yield break;
            (request.KeyMarker, request.VersionIdMarker) = (page.NextKeyMarker, page.NextVersionIdMarker);
        }
    }

    private async IAsyncEnumerable<IReadOnlyList<KeyVersion>> CurrentAsync(
        string bucket, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request { BucketName = bucket, Prefix = prefix };
        do
        {
            var page = await connection.Client.ListObjectsV2Async(request, cancellationToken);
            yield return [.. (page.S3Objects ?? []).Select(o => new KeyVersion { Key = o.Key })];
            request.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (request.ContinuationToken is not null);
    }
}
