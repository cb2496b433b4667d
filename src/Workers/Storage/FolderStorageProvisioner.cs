using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Tenancy.Objects;

namespace Saga.Workers.Storage;

/// <summary>A directory per tenant that only this process's user may enter.</summary>
internal sealed class FolderStorageProvisioner(FolderPaths paths, IOptions<StorageOptions> options) : IStorageProvisioner
{
    public async Task<ProvisionedStorage> ProvisionAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await LeaseGuard.RequireAsync(cancellationToken);
        return Run(() =>
        {
            FolderFailures.MakePrivate(paths.Tenant(tenant));
            return new ProvisionedStorage(paths.Tenant(tenant), "directory of this process's user", "uploads are atomic; former versions end after " + options.Value.S3.NoncurrentDays.ToString(CultureInfo.InvariantCulture) + " days", "what is replaced or deleted stays as a version");
        });
    }

    public async IAsyncEnumerable<IReadOnlyList<ListedStorage>> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        cancellationToken.ThrowIfCancellationRequested();
        var provisioned = Run(() => Folders(paths.Tenants)).ToDictionary(f => f.Tenant, f => f.MadeAt);
        yield return [.. provisioned.Select(f => new ListedStorage(f.Key, true, f.Value))];
        yield return [.. Run(() => Folders(paths.AllVersions)).Where(f => !provisioned.ContainsKey(f.Tenant)).Select(f => new ListedStorage(f.Tenant, false, f.MadeAt))];
    }

    private static List<(TenantId Tenant, DateTimeOffset MadeAt)> Folders(string root) => !Directory.Exists(root) ? [] :
    [
        .. from folder in new DirectoryInfo(root).EnumerateDirectories()
           let id = Guid.TryParseExact(folder.Name, "d", out var parsed) ? parsed : (Guid?)null
           where id is not null
           select (new TenantId(id.Value), new DateTimeOffset(folder.CreationTimeUtc)),
    ];

    public string System => StorageOptions.FolderAdapter;

    public string Location(TenantId tenant) => paths.Tenant(tenant);

    public Task<StoredObjects> CountAsync(TenantId tenant, CancellationToken cancellationToken) => Task.FromResult(Run(() =>
        new StoredObjects(Directories(tenant).Where(Directory.Exists).Sum(d => Directory.EnumerateFiles(d, "*", SearchOption.AllDirectories).LongCount()), 0)));

    public async Task RemoveAsync(TenantId tenant, CancellationToken cancellationToken, Action<StoredObjects>? removing = null)
    {
        await LeaseGuard.RequireAsync(cancellationToken);
        Run(() =>
        {
            // The current objects last, so that the tenant exists as long as anything may be left.
            foreach (var directory in Directories(tenant).Where(Directory.Exists))
                Directory.Delete(directory, recursive: true);
            return true;
        });
    }

    public Task<bool> ExistsAsync(TenantId tenant, CancellationToken cancellationToken) => Task.FromResult(Run(() => Directories(tenant).Any(Directory.Exists)));

    private string[] Directories(TenantId tenant) => [paths.Versions(tenant), paths.Tenant(tenant)];

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
