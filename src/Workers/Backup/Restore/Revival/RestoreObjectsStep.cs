using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Tenancy.Objects;
using Saga.Workers.Backup.Files;
using Saga.Workers.Backup.Format;
using Saga.Workers.Backup.Objects;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Restore.Revival;

/// <summary>Writes the objects of the backup to the tenant's new object storage, if the backup has their contents. A second run writes them again.</summary>
internal sealed class RestoreObjectsStep(BackupReader reader, IObjectStore store, IBackupFiles files, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.RestoreObjects;

    public bool NeedsInput => true;

    // A late upload would survive the removal of the storage. Backups are in the same store.
    public TimeSpan LingersFor => files.LingersFor;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.S3];

    public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => RestoreContext.ReadingAsync<object?>(async () =>
    {
        using var guard = leases.Guard(context.Lease);
        await leases.RequireAsync(context.Lease, cancellationToken);
        var manifest = await reader.OpenAsync(RestoreContext.BackupOf(context), cancellationToken);
        var listed = manifest.Parts.Single(p => p.Name == PartNames.Objects).Counts.GetValueOrDefault("objects");
        if (manifest.Parts.FirstOrDefault(p => p.Name == PartNames.Contents) is not { } contents)
            return new { Restored = 0L, Lost = listed };
        var objects = store.For(context.TenantId);
        await using var part = await reader.OpenPartAsync(context.TenantId, manifest.BackupId, contents, cancellationToken);
        var archive = new ArchiveReader(part);
        var (restored, lost) = (0L, 0L);
        while (await archive.NextAsync<SourceObject>(cancellationToken) is { } item)
        {
            await using var content = new EntryStream(archive);
            // Other writers may have used keys that a tenant's objects cannot have.
            if (ObjectKey.TryParse(item.Key, out var key))
            {
                await objects.PutAsync(key, content, cancellationToken);
                restored++;
            }
            else
            {
                lost++;
            }

            // The next entry begins at the end of this one.
            await content.CopyToAsync(Stream.Null, cancellationToken);
            context.Report(restored + lost, listed, "objects", "restoring objects");
        }

        return new { Restored = restored, Lost = lost };
    });

    /// <summary>The objects are removed by the compensation of the step that created the storage.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    private sealed class EntryStream(ArchiveReader archive) : ReadOnlyStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => buffer.IsEmpty ? 0 : await archive.ReadAsync(buffer, cancellationToken);
    }
}
