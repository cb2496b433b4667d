using Saga.Tenancy.Objects;

namespace Saga.Workers.Backup.Files;

/// <summary>Reads streams that an object store opened. A connection that breaks while they are read is the store's failure, like one that breaks before.</summary>
internal static class StoreReads
{
    /// <exception cref="ObjectStoreException">The store did not deliver the rest.</exception>
    public static async Task<int> ReadAsync(Stream content, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await content.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception error) when (S3Failures.IsFailure(error, cancellationToken))
        {
            throw S3Failures.Translate(error);
        }
    }
}
