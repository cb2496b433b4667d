using Microsoft.Extensions.Options;
using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using System.Runtime.CompilerServices;

namespace Saga.Tenancy.Objects;

/// <summary>Objects in a folder of this machine, a directory per tenant.</summary>
internal sealed class FolderObjectStore(FolderPaths paths, FolderVersions versions, IOptions<StorageOptions> options) : IObjectStore
{
    public ITenantObjects For(TenantId tenant) => new FolderTenantObjects(paths, versions, options.Value.S3.NoncurrentDays, tenant);
}

internal sealed class FolderTenantObjects(FolderPaths paths, FolderVersions versions, int noncurrentDays, TenantId tenant) : ITenantObjects
{
    public TenantId Tenant { get; } = tenant;

    public async Task PutAsync(ObjectKey key, Stream content, CancellationToken cancellationToken)
    {
        _ = paths.Object(Tenant, key);
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

            versions.Replace(Tenant, key, incoming);
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

    public Task<Stream?> GetAsync(ObjectKey key, CancellationToken cancellationToken) => OpenAsync(() => paths.Object(Tenant, key), cancellationToken);

    public Task<Stream?> GetAsync(ObjectKey key, string version, CancellationToken cancellationToken) => OpenAsync(() => versions.Find(Tenant, key, version), cancellationToken);

    private Task<Stream?> OpenAsync(Func<string?> find, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            RequireTenant();
            return Task.FromResult<Stream?>(find() is not { } path ? null :
                new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 81920, useAsync: true));
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

    public Task DeleteAsync(ObjectKey key, CancellationToken cancellationToken) => ChangeAsync(() => versions.Delete(Tenant, key), cancellationToken);

    public Task DeleteAsync(ObjectKey key, string version, CancellationToken cancellationToken) => ChangeAsync(() => versions.Delete(Tenant, key, version), cancellationToken);

    public async IAsyncEnumerable<ObjectVersion> VersionsAsync(ObjectKey key, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IReadOnlyList<ObjectVersion> all = [];
        await ChangeAsync(() => all = versions.List(Tenant, key), cancellationToken);
        foreach (var version in all)
            yield return version;
    }

    public Task<ObjectProtection> ProtectionAsync(ObjectKey key, CancellationToken cancellationToken) =>
        Task.FromResult(new ObjectProtection { KeepsVersions = true, NoncurrentDays = noncurrentDays });

    private Task ChangeAsync(Action change, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            RequireTenant();
            change();
        }
        catch (DirectoryNotFoundException)
        {
            // The tenant was removed meanwhile, and everything with it.
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
