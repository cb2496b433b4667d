using Amazon.S3.Model;
using Saga.Registry.Leases;
using Saga.Tenancy.Objects;

namespace Saga.Workers.Backup.Files;

/// <summary>A multipart upload, or a single request for a small file. It keeps one part in memory.</summary>
internal sealed class S3Upload(S3Connection connection, string bucket, string name) : FileUpload
{
    private const int FirstPartBytes = 8 * 1024 * 1024;

    // S3 takes at most 10,000 parts of one object, so later parts are larger: 440 GB altogether, with at most 80 MB in memory.
    private const int PartsOfOneSize = 1000;

    private readonly List<PartETag> parts = [];
    private byte[] buffer = new byte[FirstPartBytes];
    private int filled;
    private string? upload;
    private bool complete;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        while (bytes.Length > 0)
        {
            var some = Math.Min(bytes.Length, buffer.Length - filled);
            bytes[..some].CopyTo(buffer.AsMemory(filled));
            filled += some;
            bytes = bytes[some..];
            if (filled == buffer.Length)
                await PutPartAsync(cancellationToken);
        }
    }

    private async Task<string> BeginAsync(CancellationToken cancellationToken)
    {
        var request = new InitiateMultipartUploadRequest { BucketName = bucket, Key = name };
        connection.Encryption.ApplyTo(request);
        return (await S3Failures.RunAsync(() => connection.Client.InitiateMultipartUploadAsync(request, cancellationToken), cancellationToken)).UploadId;
    }

    public override async Task CompleteAsync(CancellationToken cancellationToken)
    {
        if (upload is null)
        {
            var request = new PutObjectRequest { BucketName = bucket, Key = name, InputStream = Content(), AutoCloseStream = false, UseChunkEncoding = false };
            connection.Encryption.ApplyTo(request);
            await S3Failures.RunAsync(() => connection.Client.PutObjectAsync(request, cancellationToken), cancellationToken);
        }
        else
        {
            if (filled > 0)
                await PutPartAsync(cancellationToken);
            await S3Failures.RunAsync(() => connection.Client.CompleteMultipartUploadAsync(
                new CompleteMultipartUploadRequest { BucketName = bucket, Key = name, UploadId = upload, PartETags = parts }, cancellationToken), cancellationToken);
        }

        complete = true;
    }

    public override async ValueTask DisposeAsync()
    {
        if (upload is not null && !complete)
        {
            // It is known to this attempt only, so it may be ended whoever has the lease. What remains is found by its prefix later.
            using var own = LeaseGuard.Leave();
            try
            {
                await connection.Client.AbortMultipartUploadAsync(bucket, name, upload, CancellationToken.None);
            }
            catch (Exception error) when (S3Failures.IsFailure(error, CancellationToken.None))
            {
                // The server does not answer. The next attempt or the compensation removes the upload.
            }
        }

        await base.DisposeAsync();
    }

    private async Task PutPartAsync(CancellationToken cancellationToken)
    {
        upload ??= await BeginAsync(cancellationToken);
        var number = parts.Count + 1;
        var answer = await S3Failures.RunAsync(() => connection.Client.UploadPartAsync(
            new UploadPartRequest { BucketName = bucket, Key = name, UploadId = upload, PartNumber = number, PartSize = filled, InputStream = Content(), UseChunkEncoding = false }, cancellationToken), cancellationToken);
        parts.Add(new(number, answer.ETag));
        filled = 0;
        if (parts.Count % PartsOfOneSize == 0)
            buffer = new byte[FirstPartBytes * (1 + (parts.Count / PartsOfOneSize))];
    }

    private MemoryStream Content() => new(buffer, 0, filled, writable: false);
}
