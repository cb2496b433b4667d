using Saga.Contracts.Identifiers;
using Saga.Tenancy.Cache;
using Saga.Tenancy.Sealing;

namespace Saga.Workers.Cache;

/// <summary>There is nothing to make in process, and nobody to sign in.</summary>
internal sealed class InProcessCacheProvisioner(InProcessCacheStore store) : ICacheProvisioner
{
    public string? User(TenantId tenant) => null;

    public Task<ProvisionedCache> ProvisionAsync(TenantId tenant, Credential? credential, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return Task.FromResult(new ProvisionedCache(CacheKey.Prefix(tenant), null, "until the process ends"));
    }

    public Task RemoveAsync(TenantId tenant, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        store.Remove(tenant);
        return Task.CompletedTask;
    }

    public Task<bool> ExistsAsync(TenantId tenant, CancellationToken cancellation) => Task.FromResult(store.Any(tenant));
}
