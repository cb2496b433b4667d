using System.IO.Compression;
using System.Text;

namespace Saga.Workers.Exports;

/// <summary>
/// A zip file that is written from beginning to end. Its last entry, <c>checksums.sha256</c>, has the checksums of all others, in the form that
/// <c>sha256sum -c</c> reads. The memory that it takes does not depend on the length of an entry. For one user at a time.
/// </summary>
internal sealed class ExportArchive : IAsyncDisposable
{
    public const string Checksums = "checksums.sha256";

    private readonly ZipArchive zip;
    private readonly StagedStream target;
    private readonly DateTimeOffset at;

    // There may be millions of entries.
    private readonly FileStream checksums = TemporaryFile.Create();

    private ExportArchive(ZipArchive zip, StagedStream target, DateTimeOffset at) => (this.zip, this.target, this.at) = (zip, target, at);

    /// <param name="target">Takes the file. Stays open.</param>
    /// <param name="at">The time that the entries get.</param>
    /// <param name="cancellationToken">Cancels the write.</param>
    public static async Task<ExportArchive> CreateAsync(Stream target, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var staged = new StagedStream(target);
        return new(await ZipArchive.CreateAsync(staged, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken), staged, at);
    }

    /// <summary>Writes one entry.</summary>
    /// <param name="name">Its path, with slashes.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="cancellationToken">Cancels the write.</param>
    /// <returns>The length of the content, and its checksum.</returns>
    public async Task<(long Bytes, byte[] Sha256)> AddAsync(string name, Func<Stream, Task> write, CancellationToken cancellationToken)
    {
        var written = await WriteAsync(name, write, cancellationToken);
        await checksums.WriteAsync(Encoding.UTF8.GetBytes($"{Convert.ToHexStringLower(written.Sha256)}  {name}\n"), cancellationToken);
        return written;
    }

    /// <summary>Adds the checksums, and ends the file.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        checksums.Position = 0;
        await WriteAsync(Checksums, content => checksums.CopyToAsync(content, cancellationToken), cancellationToken);
        await zip.DisposeAsync();
        await target.DrainAsync(cancellationToken);
    }

    /// <summary>Writes nothing more: a file that was not completed is no file.</summary>
    public ValueTask DisposeAsync() => checksums.DisposeAsync();

    /// <summary>The path of an object's content in the archive. Keys that no file may have are numbered, so that nobody's unpacking leaves its folder.</summary>
    public static string PathOf(string key, long number) =>
        Tenancy.Objects.ObjectKey.TryParse(key, out var wellFormed) && wellFormed.ToString() == key && !key.Contains(':', StringComparison.Ordinal)
            ? $"media/files/{key}"
            : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"media/unnamed/{number}");

    private async Task<(long Bytes, byte[] Sha256)> WriteAsync(string name, Func<Stream, Task> write, CancellationToken cancellationToken)
    {
        var entry = zip.CreateEntry(name, CompressionLevel.Fastest);
        entry.LastWriteTime = at;
        await using var hashed = new HashedStream(await entry.OpenAsync(cancellationToken));
        await write(hashed);
        await hashed.Target.DisposeAsync();
        await target.DrainAsync(cancellationToken);
        return (hashed.Bytes, hashed.Sha256());
    }
}
