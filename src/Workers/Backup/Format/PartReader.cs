using System.Security.Cryptography;
using Saga.Tenancy.Objects;
using Saga.Workers.Backup.Files;

namespace Saga.Workers.Backup.Format;

/// <summary>Decrypts a part. Every byte that it returns was authenticated, and its end is reached only if the whole part was. Disposes of the source.</summary>
internal sealed class PartReader : ReadOnlyStream
{
    private readonly Stream source;
    private readonly AesGcm cipher;
    private readonly byte[] header;
    private readonly byte[] encrypted;
    private readonly byte[] plain;
    private uint chunk;
    private int next;
    private int filled;
    private bool ended;

    private PartReader(Stream source, byte[] header, int chunkBytes, AesGcm cipher)
    {
        (this.source, this.header, this.cipher) = (source, header, cipher);
        plain = new byte[chunkBytes];
        encrypted = new byte[chunkBytes + PartFormat.TagBytes];
    }

    /// <exception cref="BackupDamagedException">It is no part that this version reads.</exception>
    public static async Task<PartReader> OpenAsync(Stream source, ReadOnlyMemory<byte> dataKey, Guid backup, string part, CancellationToken cancellationToken)
    {
        var beginning = new byte[PartFormat.HeaderBytes];
        if (await StoreReads.FillAsync(source, beginning, cancellationToken) < beginning.Length)
            throw new BackupDamagedException("The file is cut short.");
        return new(source, beginning, PartFormat.ChunkBytes(beginning), PartFormat.Cipher(dataKey.Span, beginning, backup, part));
    }

    /// <exception cref="BackupDamagedException">The file was changed, cut short or exchanged, or its key is another one.</exception>
    /// <exception cref="ObjectStoreException">The store did not deliver the rest.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (next == filled && !ended)
            await OpenChunkAsync(cancellationToken);
        var some = Math.Min(buffer.Length, filled - next);
        plain.AsMemory(next, some).CopyTo(buffer);
        next += some;
        return some;
    }

    public override async ValueTask DisposeAsync()
    {
        await source.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            cipher.Dispose();
            source.Dispose();
            CryptographicOperations.ZeroMemory(plain);
        }

        base.Dispose(disposing);
    }

    private async Task OpenChunkAsync(CancellationToken cancellationToken)
    {
        var read = await StoreReads.FillAsync(source, encrypted, cancellationToken);
        if (read < PartFormat.TagBytes)
            throw new BackupDamagedException("The file is cut short.");
        ended = read < encrypted.Length;
        (next, filled) = (0, read - PartFormat.TagBytes);
        try
        {
            cipher.Decrypt(PartFormat.Nonce(chunk, ended), encrypted.AsSpan(0, filled), encrypted.AsSpan(filled, PartFormat.TagBytes), plain.AsSpan(0, filled), header);
        }
        catch (AuthenticationTagMismatchException error)
        {
            filled = 0;
            throw new BackupDamagedException("The file was changed or cut short, or is of another part, backup or key.", error);
        }

        chunk = checked(chunk + 1);
    }
}
