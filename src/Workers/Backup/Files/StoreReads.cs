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

    /// <summary>Fills the buffer, unless the stream ends before.</summary>
    /// <exception cref="ObjectStoreException">The store did not deliver the rest.</exception>
    public static async Task<int> FillAsync(Stream content, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var filled = 0;
        while (filled < buffer.Length && await ReadAsync(content, buffer[filled..], cancellationToken) is > 0 and var read)
            filled += read;
        return filled;
    }

    /// <summary>Everything that is left.</summary>
    /// <exception cref="ObjectStoreException">The store did not deliver it.</exception>
    public static async Task<byte[]> ReadAllAsync(Stream content, CancellationToken cancellationToken)
    {
        using var all = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (await ReadAsync(content, buffer, cancellationToken) is > 0 and var read)
            all.Write(buffer, 0, read);
        return all.ToArray();
    }
}
