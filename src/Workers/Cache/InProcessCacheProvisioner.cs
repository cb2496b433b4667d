using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Tenancy.Cache;
using Saga.Tenancy.Sealing;
using System.Runtime.CompilerServices;

namespace Saga.Workers.Cache;

/// <summary>The in-process cache needs no provisioning and has no users.</summary>
internal sealed class InProcessCacheProvisioner(InProcessCacheStore store) : ICacheProvisioner
{
    public string System => CacheOptions.InProcessAdapter;

    public string? User(TenantId tenant) => null;

    public Task<ProvisionedCache> ProvisionAsync(TenantId tenant, Credential? credential, Guid installation, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(new ProvisionedCache(CacheKey.Prefix(tenant), null, "until the process ends"));
    }

    public async IAsyncEnumerable<IReadOnlyList<ListedCache>> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        cancellationToken.ThrowIfCancellationRequested();
        yield return [.. store.Tenants().Select(t => new ListedCache(t))];
    }

    public Task<ListedCache?> FindAsync(string user, CancellationToken cancellationToken) => Task.FromResult<ListedCache?>(null);

    public Task<bool> SwitchAsync(string user, bool on, CancellationToken cancellationToken) => Task.FromResult(false);

    // Nobody signs in to it. Runtimes refuse the tenant by its hold.
    public Task DisableAsync(TenantId tenant, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<long> CountAsync(TenantId tenant, CancellationToken cancellationToken) => Task.FromResult(store.Count(tenant));

    public Task RemoveUserAsync(string user, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task RemoveAsync(TenantId tenant, CancellationToken cancellationToken, Action<long>? removing = null)
    {
        await LeaseGuard.RequireAsync(cancellationToken);
        store.Remove(tenant);
    }

    public Task<bool> ExistsAsync(TenantId tenant, CancellationToken cancellationToken) => Task.FromResult(store.Any(tenant));
}
