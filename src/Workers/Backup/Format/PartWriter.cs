using System.Security.Cryptography;

namespace Saga.Workers.Backup.Format;

/// <summary>Encrypts what is written, in <see cref="PartFormat"/>, and counts and hashes the encrypted bytes. Not complete before <see cref="CompleteAsync"/>. Leaves the target open.</summary>
internal sealed class PartWriter : WriteOnlyStream
{
    private readonly Stream target;
    private readonly AesGcm cipher;
    private readonly byte[] header;
    private readonly byte[] plain;
    private readonly byte[] encrypted;
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private uint chunk;
    private int filled;
    private bool begun;
    private byte[]? sha256;

    /// <param name="target">Takes the encrypted bytes.</param>
    /// <param name="dataKey">The backup's key.</param>
    /// <param name="backup">The backup's id.</param>
    /// <param name="part">The part's name.</param>
    /// <param name="chunkBytes">The size of a chunk.</param>
    public PartWriter(Stream target, ReadOnlySpan<byte> dataKey, Guid backup, string part, int chunkBytes = PartFormat.DefaultChunkBytes)
    {
        this.target = target;
        header = PartFormat.NewHeader(chunkBytes);
        cipher = PartFormat.Cipher(dataKey, header, backup, part);
        plain = new byte[chunkBytes];
        encrypted = new byte[chunkBytes + PartFormat.TagBytes];
    }

    /// <summary>Bytes that were written to the target.</summary>
    public long StoredBytes { get; private set; }

    /// <summary>Called after each chunk with the number of bytes that were written to this stream.</summary>
    public Action<long>? Progressed { get; set; }

    /// <summary>Bytes that were written to this stream.</summary>
    public long PlainBytes { get; private set; }

    /// <summary>The checksum of the target's bytes, once this is complete.</summary>
    public byte[] Sha256 => sha256 ?? throw new InvalidOperationException("The part is not complete.");

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        PlainBytes += buffer.Length;
        while (buffer.Length > 0)
        {
            var some = Math.Min(buffer.Length, plain.Length - filled);
            buffer[..some].CopyTo(plain.AsMemory(filled));
            filled += some;
            buffer = buffer[some..];
            if (filled == plain.Length)
                await SealAsync(isLast: false, cancellationToken);
        }
    }

    /// <summary>Writes the last chunk.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await SealAsync(isLast: true, cancellationToken);
        sha256 = hash.GetHashAndReset();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            cipher.Dispose();
            hash.Dispose();
            CryptographicOperations.ZeroMemory(plain);
        }

        base.Dispose(disposing);
    }

    private async Task SealAsync(bool isLast, CancellationToken cancellationToken)
    {
        if (!begun)
            await PutAsync(header, cancellationToken);
        begun = true;
        cipher.Encrypt(PartFormat.Nonce(chunk, isLast), plain.AsSpan(0, filled), encrypted.AsSpan(0, filled), encrypted.AsSpan(filled, PartFormat.TagBytes), header);
        await PutAsync(encrypted.AsMemory(0, filled + PartFormat.TagBytes), cancellationToken);
        chunk = checked(chunk + 1);
        filled = 0;
        Progressed?.Invoke(PlainBytes);
    }

    private async Task PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        hash.AppendData(bytes.Span);
        StoredBytes += bytes.Length;
        await target.WriteAsync(bytes, cancellationToken);
    }
}
