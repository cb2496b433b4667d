using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using System.Runtime.CompilerServices;

namespace Saga.Tenancy.Objects;

/// <summary>Objects in a folder of this machine, a directory per tenant.</summary>
internal sealed class FolderObjectStore(FolderPaths paths) : IObjectStore
{
    public ITenantObjects For(TenantId tenant) => new FolderTenantObjects(paths, tenant);
}

internal sealed class FolderTenantObjects(FolderPaths paths, TenantId tenant) : ITenantObjects
{
    public TenantId Tenant { get; } = tenant;

    public async Task PutAsync(ObjectKey key, Stream content, CancellationToken cancellationToken)
    {
        var target = paths.Object(Tenant, key);
        var incoming = Path.Combine(paths.Incoming, Guid.NewGuid().ToString("n"));
        try
        {
            RequireTenant();
            FolderFailures.MakePrivate(paths.Incoming);
            await using (var file = new FileStream(incoming, FileMode.CreateNew, FileAccess.Write, FileShare.None, 81920, useAsync: true))
            {
                await content.CopyToAsync(file, cancellationToken);
                file.Flush(flushToDisk: true);
            }

            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Move(incoming, target, overwrite: true);
        }
        catch (Exception error) when (FolderFailures.IsFailure(error))
        {
            throw FolderFailures.Translate(error);
        }
        finally
        {
            if (File.Exists(incoming))
                File.Delete(incoming);
        }
    }

    public Task<Stream?> GetAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            RequireTenant();
            return Task.FromResult<Stream?>(
                new FileStream(paths.Object(Tenant, key), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 81920, useAsync: true));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return Task.FromResult<Stream?>(null);
        }
        catch (Exception error) when (FolderFailures.IsFailure(error))
        {
            throw FolderFailures.Translate(error);
        }
    }

    public Task<bool> ExistsAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(File.Exists(paths.Object(Tenant, key)));
    }

    public async IAsyncEnumerable<ObjectEntry> ListAsync(ObjectKey? folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        foreach (var file in Files(folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            // Skips files that were deleted since the listing began.
            if (paths.Key(Tenant, file.FullName) is { } key && file.Exists)
                yield return new ObjectEntry(key, file.Length, new DateTimeOffset(file.LastWriteTimeUtc, TimeSpan.Zero));
        }
    }

    public Task DeleteAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            RequireTenant();
            File.Delete(paths.Object(Tenant, key));
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing to list.
        }
        catch (Exception error) when (FolderFailures.IsFailure(error))
        {
            throw FolderFailures.Translate(error);
        }

        return Task.CompletedTask;
    }

    private FileInfo[] Files(ObjectKey? folder)
    {
        try
        {
            RequireTenant();
            var directory = new DirectoryInfo(folder is { } f ? paths.Folder(Tenant, f) : paths.Tenant(Tenant));
            return directory.Exists ? directory.GetFiles("*", SearchOption.AllDirectories) : [];
        }
        catch (Exception error) when (FolderFailures.IsFailure(error))
        {
            throw FolderFailures.Translate(error);
        }
    }

    // As in S3, only provisioning creates a tenant's store, so a write must not recreate a removed tenant.
    private void RequireTenant()
    {
        if (!Directory.Exists(paths.Tenant(Tenant)))
            throw new ObjectStoreException(FolderFailures.System, "folder-no-such-tenant", $"Tenant {Tenant} has no object folder.", FailureKind.Permanent);
    }
}
