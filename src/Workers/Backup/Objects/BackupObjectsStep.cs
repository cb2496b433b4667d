using System.IO.Compression;
using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Workers.Backup.Files;
using Saga.Workers.Backup.Format;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Objects;

/// <summary>
/// Writes the list of the tenant's objects, and their contents if the backup includes them. An object that is deleted in between is in
/// neither. The store has no snapshot, so objects are as they are when each is read.
/// </summary>
internal sealed class BackupObjectsStep(BackupParts parts, LeasedTransactions leases, IObjectSource source) : BackupStep(parts, leases)
{
    private const int BufferBytes = 128 * 1024;

    public override string Name => StepNames.BackupObjects;

    protected override async Task<object?> WriteAsync(StepContext context, BegunBackup backup, CancellationToken cancellationToken)
    {
        await Parts.RemoveAsync(context, backup.Id, cancellationToken);
        await using var list = await Parts.CreateAsync(context, backup.Id, PartNames.Objects, cancellationToken);
        await using var contents = backup.IncludesObjects ? await Parts.CreateAsync(context, backup.Id, PartNames.Contents, cancellationToken) : null;
        var counts = await WriteAsync(context, list.Content, contents?.Content, cancellationToken);
        var written = new List<BackupPart> { await list.CompleteAsync(PartNames.LinesFormat, counts, new { }, cancellationToken) };
        if (contents is not null)
            written.Add(await contents.CompleteAsync(PartNames.ArchiveFormat, counts, new { }, cancellationToken));
        await AddAsync(context, backup.Id, written, cancellationToken);
        return new { Bytes = written.Sum(p => p.Bytes), Counts = counts, backup.IncludesObjects };
    }

    private async Task<Dictionary<string, long>> WriteAsync(StepContext context, PartWriter list, PartWriter? contents, CancellationToken cancellationToken)
    {
        var (objects, bytes) = (0L, 0L);
        var archive = contents is null ? null : new ArchiveWriter(contents);
        if (contents is not null)
            contents.Progressed = done => context.Report(done, unit: "bytes", words: "backing up objects");
        await using (var packed = new GZipStream(list, CompressionLevel.Fastest, leaveOpen: true))
        {
            await foreach (var listed in source.ListAsync(context.TenantId, null, cancellationToken))
            {
                var item = archive is null ? listed : await CopyAsync(context, listed, archive, cancellationToken);
                if (item is null)
                    continue;
                await packed.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(item, Json.Options), cancellationToken);
                await packed.WriteAsync("\n"u8.ToArray(), cancellationToken);
                (objects, bytes) = (objects + 1, bytes + item.Bytes);
                if (archive is null)
                    context.Report(objects, unit: "objects", words: "listing objects");
            }
        }

        if (archive is not null)
            await archive.CompleteAsync(cancellationToken);
        return new(StringComparer.Ordinal) { ["objects"] = objects, ["bytes"] = bytes };
    }

    // The object as it was read; null when it is gone.
    private async Task<SourceObject?> CopyAsync(StepContext context, SourceObject listed, ArchiveWriter archive, CancellationToken cancellationToken)
    {
        if (await source.OpenAsync(context.TenantId, listed, cancellationToken) is not { } opened)
            return null;
        await using var content = opened.Content;
        await archive.BeginAsync(opened.Object, cancellationToken);
        var buffer = new byte[BufferBytes];
        while (await StoreReads.ReadAsync(content, buffer, cancellationToken) is > 0 and var read)
            await archive.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        await archive.EndAsync(cancellationToken);
        return opened.Object;
    }
}
