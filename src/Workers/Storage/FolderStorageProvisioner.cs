using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Tenancy.Objects;

namespace Saga.Workers.Storage;

/// <summary>A directory per tenant that only this process's user may enter.</summary>
internal sealed class FolderStorageProvisioner(FolderPaths paths) : IStorageProvisioner
{
    public async Task<ProvisionedStorage> ProvisionAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await LeaseGuard.RequireAsync(cancellationToken);
        return Run(() =>
        {
            FolderFailures.MakePrivate(paths.Tenant(tenant));
            return new ProvisionedStorage(paths.Tenant(tenant), "directory of this process's user", "uploads are atomic");
        });
    }

    public string Location(TenantId tenant) => paths.Tenant(tenant);

    public Task<StoredObjects> CountAsync(TenantId tenant, CancellationToken cancellationToken) => Task.FromResult(Run(() =>
        new StoredObjects(Directory.Exists(paths.Tenant(tenant)) ? Directory.EnumerateFiles(paths.Tenant(tenant), "*", SearchOption.AllDirectories).LongCount() : 0, 0)));

    public async Task RemoveAsync(TenantId tenant, CancellationToken cancellationToken, Action<StoredObjects>? removing = null)
    {
        await LeaseGuard.RequireAsync(cancellationToken);
        Run(() =>
        {
            var directory = paths.Tenant(tenant);
            if (Directory.Exists(directory))
                Directory.Delete(directory, recursive: true);
            return true;
        });
    }

    public Task<bool> ExistsAsync(TenantId tenant, CancellationToken cancellationToken) => Task.FromResult(Run(() => Directory.Exists(paths.Tenant(tenant))));

    private static T Run<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (DirectoryNotFoundException)
        {
            // A concurrent removal was faster. The next attempt sees what is left.
            throw new ObjectStoreException(FolderFailures.System, "folder-changed", "The tenant's folder changed during the removal.", FailureKind.Transient);
        }
        catch (Exception error) when (FolderFailures.IsFailure(error))
        {
            throw FolderFailures.Translate(error);
        }
    }
}
