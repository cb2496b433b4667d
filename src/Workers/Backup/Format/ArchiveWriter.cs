using System.Buffers.Binary;
using System.Text.Json;
using Saga.Contracts;

namespace Saga.Workers.Backup.Format;

/// <summary>
/// Writes entries of unknown length one after another: the length of a JSON header and the header, then pieces of the content with their
/// lengths, then a length of 0. An archive ends with another 0. Lengths are 4 bytes, big-endian. Leaves the target open.
/// </summary>
internal sealed class ArchiveWriter(Stream target)
{
    public async Task BeginAsync(object header, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(header, header.GetType(), Json.Options);
        await LengthAsync(json.Length, cancellationToken);
        await target.WriteAsync(json, cancellationToken);
    }

    /// <summary>Adds to the content of the entry that was begun.</summary>
    public async Task WriteAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        if (piece.Length == 0)
            return;
        await LengthAsync(piece.Length, cancellationToken);
        await target.WriteAsync(piece, cancellationToken);
    }

    public Task EndAsync(CancellationToken cancellationToken) => LengthAsync(0, cancellationToken);

    /// <summary>Ends the archive, after the last entry.</summary>
    public Task CompleteAsync(CancellationToken cancellationToken) => LengthAsync(0, cancellationToken);

    private async Task LengthAsync(int length, CancellationToken cancellationToken)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        await target.WriteAsync(bytes, cancellationToken);
    }
}
