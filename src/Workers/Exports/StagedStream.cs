using Saga.Workers.Backup.Format;

namespace Saga.Workers.Exports;

/// <summary>
/// Lets a zip archive end its entries, which it does without waiting: what is written synchronously is kept until the next asynchronous write or
/// <see cref="DrainAsync"/>. That is the end of an entry, which is small. Leaves the target open.
/// </summary>
internal sealed class StagedStream(Stream target) : WriteOnlyStream
{
    private readonly MemoryStream pending = new();

    public override void Write(byte[] buffer, int offset, int count) => pending.Write(buffer, offset, count);

    public override void Write(ReadOnlySpan<byte> buffer) => pending.Write(buffer);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await DrainAsync(cancellationToken);
        await target.WriteAsync(buffer, cancellationToken);
    }

    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        if (pending.Length == 0)
            return;
        await target.WriteAsync(pending.GetBuffer().AsMemory(0, (int)pending.Length), cancellationToken);
        pending.SetLength(0);
    }
}
