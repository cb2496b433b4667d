using Saga.Workers.Backup.Files;
using Saga.Workers.Backup.Objects;
using Saga.Workers.Database.Product;

namespace Saga.Workers.Exports;

/// <summary>
/// Writes the tenant's objects and their list. One that is deleted meanwhile is in neither. The store has no snapshot, so objects are as they
/// are when each is read.
/// </summary>
internal sealed class ExportObjects(IObjectSource source, ProductFiles product)
{
    private const int BufferBytes = 128 * 1024;

    private static readonly ExportedField[] Fields =
        [new("key", "text"), new("path", "text"), new("bytes", "integer"), new("sha256", "text"), new("eTag", "text"), new("version", "text"), new("modifiedAt", "time")];

    public async Task WriteAsync(ExportDraft draft, CancellationToken cancellationToken)
    {
        var ofUser = draft.Export.UserId is { } user ? product.Export.ObjectsOf(user) : null;
        // The archive takes one entry at a time, and the list has checksums that are known only afterwards. There may be millions of objects.
        await using var list = TemporaryFile.Create();
        var records = new RecordWriter(list, draft.Export.Format, [.. Fields.Select(f => f.Name)]);
        await foreach (var item in source.ListAsync(draft.Context.TenantId, ofUser, cancellationToken))
            await CopyAsync(draft, item, records, cancellationToken);

        await records.CompleteAsync(cancellationToken);
        list.Position = 0;
        var name = $"media/objects.{draft.Export.Format}";
        await draft.Archive.AddAsync(name, content => list.CopyToAsync(content, cancellationToken), cancellationToken);
        draft.Add(name, "media", "The tenant's objects, and where their contents are in this file.", Fields, records.Count);
    }

    private async Task CopyAsync(ExportDraft draft, SourceObject listed, RecordWriter records, CancellationToken cancellationToken)
    {
        if (await source.OpenAsync(draft.Context.TenantId, listed, cancellationToken) is not { } opened)
            return;
        await using var content = opened.Content;
        var (item, path) = (opened.Object, ExportArchive.PathOf(listed.Key, records.Count + 1));
        var (bytes, sha256) = await draft.Archive.AddAsync(path, entry => CopyAsync(content, entry, cancellationToken), cancellationToken);
        await records.AddAsync([item.Key, path, bytes, Convert.ToHexStringLower(sha256), item.ETag, item.Version, item.ModifiedAt], cancellationToken);
    }

    private static async Task CopyAsync(Stream content, Stream entry, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        while (await StoreReads.ReadAsync(content, buffer, cancellationToken) is > 0 and var read)
            await entry.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
    }
}
