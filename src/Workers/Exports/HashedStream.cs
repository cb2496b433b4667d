using System.Security.Cryptography;
using Saga.Workers.Backup.Format;

namespace Saga.Workers.Exports;

/// <summary>Counts and hashes what is written to a stream. Leaves the stream open.</summary>
internal sealed class HashedStream(Stream target) : WriteOnlyStream
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public Stream Target => target;

    public long Bytes { get; private set; }

    /// <summary>Called after each write with the number of bytes so far.</summary>
    public Action<long>? Progressed { get; set; }

    /// <summary>The checksum of what was written. Ends the hash.</summary>
    public byte[] Sha256() => hash.GetHashAndReset();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await target.WriteAsync(buffer, cancellationToken);
        hash.AppendData(buffer.Span);
        Bytes += buffer.Length;
        Progressed?.Invoke(Bytes);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            hash.Dispose();
        base.Dispose(disposing);
    }
}
