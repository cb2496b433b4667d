using System.Globalization;
using Microsoft.Extensions.Options;
using Saga.Contracts.Identifiers;
using Saga.Tenancy.Objects;
using Saga.Workers.Backup;
using Saga.Workers.Backup.Files;
using Saga.Workers.Runtime;
using Saga.Workers.Storage;

namespace Saga.Workers.Exports;

/// <summary>The store of exports' files: a bucket or a folder of their own, where no tenant may read or write. Thread-safe.</summary>
internal sealed class ExportFiles
{
    private readonly IBackupFiles files;
    private readonly string root;

    public ExportFiles(S3Connection connection, S3PrefixRemoval removal, IOptions<StorageOptions> storage, IOptions<ExportOptions> options)
    {
        if (storage.Value.Adapter == StorageOptions.S3Adapter)
        {
            var bucket = options.Value.Bucket.Length > 0 ? options.Value.Bucket : $"{storage.Value.S3.Bucket}-exports";
            (files, root) = (new S3BackupFiles(connection, removal, storage, Options.Create(new BackupOptions { Bucket = bucket })), $"s3://{bucket}/");
        }
        else
        {
            var folder = options.Value.Folder.Length > 0 ? options.Value.Folder : Path.Combine(storage.Value.Folder.Path, "exports");
            (files, root) = (new FolderBackupFiles(storage, Options.Create(new BackupOptions { Folder = folder })), Path.GetFullPath(folder) + "/");
        }
    }

    public TimeSpan LingersFor => files.LingersFor;

    /// <summary>
    /// Begins the file. Each attempt has one of its own: whatever a late attempt does, it does not change the file that the registry names.
    /// </summary>
    public async Task<(string Name, FileUpload Upload)> CreateAsync(StepContext context, Guid export, CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{Folder(context.TenantId, export)}/{context.Lease.Fence}-export.zip");
        return (name, await files.CreateAsync(name, cancellationToken));
    }

    /// <summary>Removes everything of an export, complete or not, and verifies that it is gone.</summary>
    public Task RemoveAsync(TenantId tenant, Guid export, CancellationToken cancellationToken) => files.RemoveAsync(Folder(tenant, export), cancellationToken);

    /// <summary>The same for all exports of a tenant.</summary>
    public Task RemoveAllAsync(TenantId tenant, CancellationToken cancellationToken) => files.RemoveAsync(tenant.ToString(), cancellationToken);

    /// <summary>How many complete files a tenant has.</summary>
    public async Task<long> CountAsync(TenantId tenant, CancellationToken cancellationToken) => (await files.ListAsync(tenant.ToString(), cancellationToken)).Count;

    /// <summary>Where a tenant's exports are, such as <c>s3://bucket/…/</c>.</summary>
    public string Location(TenantId tenant) => $"{root}{tenant}/";

    private static string Folder(TenantId tenant, Guid export) => $"{tenant}/{export}";
}
