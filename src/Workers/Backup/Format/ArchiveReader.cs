using System.Buffers.Binary;
using System.Text.Json;
using Saga.Contracts;

namespace Saga.Workers.Backup.Format;

/// <summary>Reads what <see cref="ArchiveWriter"/> wrote: for each entry its header, then its content to the end.</summary>
internal sealed class ArchiveReader(Stream source)
{
    private const int MaxHeaderBytes = 1024 * 1024;
    private int left;

    /// <returns>The next entry's header; null at the end of the archive.</returns>
    /// <exception cref="BackupDamagedException">The archive is cut short or malformed.</exception>
    public async Task<T?> NextAsync<T>(CancellationToken cancellationToken)
        where T : class
    {
        var length = await LengthAsync(cancellationToken);
        if (length == 0)
            return null;
        if (length > MaxHeaderBytes)
            throw Malformed();
        var json = new byte[length];
        await FillAsync(json, cancellationToken);
        left = await LengthAsync(cancellationToken);
        return JsonSerializer.Deserialize<T>(json, Json.Options) ?? throw Malformed();
    }

    /// <summary>The content of the entry. It must be read to its end before the next entry.</summary>
    /// <returns>The number of bytes; 0 at its end.</returns>
    public async Task<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (left == 0)
            return 0;
        var some = Math.Min(left, buffer.Length);
        await FillAsync(buffer[..some], cancellationToken);
        left -= some;
        if (left == 0)
            left = await LengthAsync(cancellationToken);
        return some;
    }

    private async Task<int> LengthAsync(CancellationToken cancellationToken)
    {
        var bytes = new byte[4];
        await FillAsync(bytes, cancellationToken);
        return BinaryPrimitives.ReadInt32BigEndian(bytes) is var length and >= 0 ? length : throw Malformed();
    }

    private async Task FillAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (await source.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken) < buffer.Length)
            throw new BackupDamagedException("The archive is cut short.");
    }

    private static BackupDamagedException Malformed() => new("The archive is malformed.");
}
