using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Registry.Backups.OfRegistry;
using Saga.Registry.Leases;
using Saga.Tenancy.Objects;
using Saga.Workers.Backup.Files;
using Saga.Workers.Backup.OfRegistry;
using Saga.Workers.Runtime;
using Saga.Workers.Storage;

namespace Saga.Workers.Backup.Copies;

/// <summary>
/// Copies a backup file by file and reads each one back from the copy. A file whose checksum is right there is not copied again, so an attempt that
/// was stopped goes on. When the copy fails permanently, the compensation raises the alert; the backup stays what it is.
/// What was written for a backup that has expired or failed meanwhile is removed.
/// </summary>
internal sealed partial class CopyBackupStep(
    BackupStore store, RegistryBackupStore ofRegistry, IBackupFiles files, BackupCopy copy, LeasedTransactions leases, ILogger<CopyBackupStep> log) : IStep
{
    private const int BufferBytes = 1024 * 1024;

    public string Name => StepNames.CopyBackup;

    public bool NeedsInput => true;

    public IEnumerable<string> SystemsOf(StepContext context) => [SystemNames.S3, SystemNames.BackupCopy];

    public TimeSpan LingersFor => copy.LingersFor;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        var id = context.Input<CopyBackup>().BackupId;
        var target = copy.Files ?? throw StepFailureException.Permanent(
            "copy-not-configured", "This process has no second place for backups.", $"Set {BackupCopyOptions.Section} in every process, then send the command again.");
        if (await FindAsync(id, cancellationToken) is not { } found)
        {
            await RemoveLeftAsync(id, cancellationToken);
            return new { BackupId = id, Copied = false };
        }

        var (done, total, copied) = (0L, found.Files.Sum(f => f.Bytes), 0);
        foreach (var file in found.Files)
        {
            if (!await IsThereAsync(context, target, file, done, total, cancellationToken))
            {
                await CopyAsync(context, target, file, done, total, cancellationToken);
                if (!await IsThereAsync(context, target, file, done, total, cancellationToken))
                    throw StepFailureException.Transient("copy-damaged", $"The copy of {file.Name} has another checksum than the file.", "Check the server of the copy, then replay the step.", SystemNames.BackupCopy);
                copied++;
            }

            done += file.Bytes;
        }

        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await BackupCopyRows.CopiedAsync(transaction, id, cancellationToken))
        {
            await transaction.CommitAsync(cancellationToken);
            BackupTelemetry.Copied.Add(1);
            return new { BackupId = id, Copied = true, Files = copied, Bytes = total };
        }

        // It expired meanwhile, and nobody else removes what was written since.
        await copy.RemoveAsync(found.Folder, cancellationToken);
        return new { BackupId = id, Copied = false };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        var id = context.Input<CopyBackup>().BackupId;
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            if (await BackupCopyRows.FailedAsync(transaction, id, context.OperationId, cancellationToken) is var (code, message))
            {
                await transaction.CommitAsync(cancellationToken);
                BackupTelemetry.CopiesFailed.Add(1, new KeyValuePair<string, object?>("saga.code", code));
                LogFailed(id, code, message);
                return;
            }
        }

        await RemoveLeftAsync(id, cancellationToken);
    }

    // A removal of the backup may have passed while a file was still on its way to the copy, and does not come again.
    private async Task RemoveLeftAsync(Guid id, CancellationToken cancellationToken)
    {
        if (await StateAsync(id, cancellationToken) is { State: not BackupState.Completed } left)
            await copy.RemoveAsync(left.Folder, cancellationToken);
    }

    private async Task<(BackupState State, string Folder, StoredManifest? Manifest)?> StateAsync(Guid id, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(id, cancellationToken) is { } backup)
            return (backup.State, BackupParts.Folder(backup.TenantId, id), backup.Manifest);
        return await ofRegistry.FindAsync(id, cancellationToken) is { } registry ? (registry.State, RegistryBackupFiles.Folder(id), registry.Manifest) : null;
    }

    private async Task<Stored?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        if (await StateAsync(id, cancellationToken) is not { State: BackupState.Completed, Folder: var folder, Manifest: { } manifest })
            return null;
        var parts = manifest.Content.GetProperty("parts").Deserialize<IReadOnlyList<ManifestPart>>(Json.Options)!;
        // The manifest last: what has it has everything.
        return new(folder, [.. parts.Select(p => new CopiedFile(p.File, p.Bytes, p.Sha256)), new(manifest.File, 0, Convert.ToHexStringLower(manifest.Sha256))]);
    }

    private async Task CopyAsync(StepContext context, IBackupFiles target, CopiedFile file, long before, long total, CancellationToken cancellationToken)
    {
        await using var source = await OpenAsync(file.Name, cancellationToken) ?? throw StepFailureException.Permanent(
            "backup-damaged", $"The file {file.Name} of the backup is missing.", "Check the object store, and make another backup.", SystemNames.S3);
        await using var upload = await BackupCopy.RunAsync(() => target.CreateAsync(file.Name, cancellationToken));
        var buffer = new byte[BufferBytes];
        var bytes = 0L;
        while (await ReadAsync(source, buffer, cancellationToken) is > 0 and var read)
        {
            await BackupCopy.RunAsync(async () =>
            {
                await upload.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                return true;
            });
            bytes += read;
            context.Report(before + bytes, total, "bytes", $"copying {file.Name}");
        }

        await BackupCopy.RunAsync(async () =>
        {
            await upload.CompleteAsync(cancellationToken);
            return true;
        });
    }

    private static Task<bool> IsThereAsync(StepContext context, IBackupFiles target, CopiedFile file, long before, long total, CancellationToken cancellationToken) => BackupCopy.RunAsync(async () =>
    {
        await using var content = await target.OpenAsync(file.Name, cancellationToken);
        if (content is null)
            return false;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferBytes];
        var bytes = 0L;
        while (await StoreReads.ReadAsync(content, buffer, cancellationToken) is > 0 and var read)
        {
            hash.AppendData(buffer, 0, read);
            context.Report(before + (bytes += read), total, "bytes", $"reading back the copy of {file.Name}");
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset()) == file.Sha256;
    });

    private async Task<Stream?> OpenAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            return await files.OpenAsync(file, cancellationToken);
        }
        catch (ObjectStoreException error)
        {
            throw StorageFailures.From(error);
        }
    }

    private static async Task<int> ReadAsync(Stream source, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await StoreReads.ReadAsync(source, buffer, cancellationToken);
        }
        catch (ObjectStoreException error)
        {
            throw StorageFailures.From(error);
        }
    }

    private sealed record Stored(string Folder, IReadOnlyList<CopiedFile> Files);

    private sealed record CopiedFile(string Name, long Bytes, string Sha256);

    [LoggerMessage(EventId = 2957, Level = LogLevel.Error, Message = "Backup {Backup} was not copied to the second place: {Code}: {Reason} It is tried again; the backup itself is good.")]
    private partial void LogFailed(Guid backup, string code, string reason);
}
