using System.Globalization;
using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Workers.Backup.Copies;
using Saga.Workers.Backup.Files;
using Saga.Workers.Backup.Format;
using Saga.Workers.Backup.Keys;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup;

/// <summary>Writes and removes the files of a backup. Thread-safe.</summary>
internal sealed class BackupParts(IBackupFiles files, BackupKeys keys, BackupCopy copy)
{
    public TimeSpan LingersFor => files.LingersFor;

    /// <summary>The folder with all files of a backup.</summary>
    public static string Folder(TenantId tenant, Guid backup) => $"{tenant}/{backup}";

    /// <summary>
    /// Begins a part. Each attempt has a file of its own: whatever a late attempt does, it does not change the file that the registry names.
    /// </summary>
    public async Task<PartUpload> CreateAsync(StepContext context, Guid backup, string name, CancellationToken cancellationToken)
    {
        var key = await keys.OpenAsync(context.TenantId, backup, cancellationToken);
        var file = FileName(context, backup, name);
        return new(context.Step, name, file, await files.CreateAsync(file, cancellationToken), key, backup);
    }

    /// <summary>Writes a file that is not encrypted.</summary>
    /// <returns>Its name.</returns>
    public async Task<string> WritePlainAsync(StepContext context, Guid backup, string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var file = FileName(context, backup, name);
        await using var upload = await files.CreateAsync(file, cancellationToken);
        await upload.WriteAsync(content, cancellationToken);
        await upload.CompleteAsync(cancellationToken);
        return file;
    }

    /// <summary>Removes what attempts of the step have written, complete or not.</summary>
    public Task RemoveAsync(StepContext context, Guid backup, CancellationToken cancellationToken) =>
        files.RemoveAsync(StepFolder(context, backup), cancellationToken);

    /// <summary>Removes all files of a backup. Those of its copy stay.</summary>
    public Task RemoveAllAsync(TenantId tenant, Guid backup, CancellationToken cancellationToken) => files.RemoveAsync(Folder(tenant, backup), cancellationToken);

    /// <inheritdoc cref="BackupCopy.RemoveAsync"/>
    public Task RemoveCopyAsync(TenantId tenant, Guid backup, CancellationToken cancellationToken) => copy.RemoveAsync(Folder(tenant, backup), cancellationToken);

    /// <inheritdoc cref="BackupCopy.TryRemoveAsync"/>
    public Task<Failure?> TryRemoveCopyAsync(TenantId tenant, Guid backup, CancellationToken cancellationToken) => copy.TryRemoveAsync(Folder(tenant, backup), cancellationToken);

    private static string FileName(StepContext context, Guid backup, string name) =>
        string.Create(CultureInfo.InvariantCulture, $"{StepFolder(context, backup)}/{context.Lease.Fence}-{name}");

    private static string StepFolder(StepContext context, Guid backup) => $"{Folder(context.TenantId, backup)}/{context.Step}";
}

/// <summary>A part that is being written.</summary>
internal sealed class PartUpload(string step, string name, string file, FileUpload upload, byte[] key, Guid backup) : IAsyncDisposable
{
    private readonly PartWriter writer = new(upload, key, backup, name);

    /// <summary>Takes the content.</summary>
    public PartWriter Content => writer;

    /// <summary>Makes the file exist.</summary>
    public async Task<BackupPart> CompleteAsync(string format, IReadOnlyDictionary<string, long> counts, object details, CancellationToken cancellationToken)
    {
        await writer.CompleteAsync(cancellationToken);
        await upload.CompleteAsync(cancellationToken);
        return new()
        {
            Name = name,
            Step = step,
            File = file,
            Format = format,
            Bytes = writer.StoredBytes,
            PlainBytes = writer.PlainBytes,
            Sha256 = writer.Sha256,
            Counts = counts,
            Details = JsonSerializer.SerializeToElement(details, details.GetType(), Json.Options),
        };
    }

    public async ValueTask DisposeAsync()
    {
        await writer.DisposeAsync();
        await upload.DisposeAsync();
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(key);
    }
}
