using Saga.Contracts.Identifiers;
using Saga.Tenancy.Sealing;

namespace Saga.Workers.Cache;

/// <summary>
/// Makes and removes one tenant's part of the cache. Both are idempotent and leave other tenants alone.
/// Failures are <see cref="Tenancy.Cache.CacheException"/>. Thread-safe.
/// </summary>
public interface ICacheProvisioner
{
    /// <inheritdoc cref="Saga.Workers.Runtime.IStep.LingersFor"/>
    TimeSpan LingersFor => TimeSpan.Zero;

    /// <summary>The user that signs in for the tenant; null where the cache knows no users.</summary>
    string? User(TenantId tenant);

    /// <param name="credential">For <see cref="User"/>, stored already; null where there is none.</param>
    Task<ProvisionedCache> ProvisionAsync(TenantId tenant, Credential? credential, CancellationToken cancellationToken);

    /// <summary>Removes the user, its connections and the tenant's entries, and sees that they are gone.</summary>
    Task RemoveAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>Whether the user or an entry is there.</summary>
    Task<bool> ExistsAsync(TenantId tenant, CancellationToken cancellationToken);
}

/// <summary>What was made, for an operator to see.</summary>
/// <param name="KeySpace">What the tenant's keys begin with.</param>
/// <param name="User">Who may use them; null where the cache knows no users.</param>
/// <param name="Durability">Whether the user outlives a restart of the server.</param>
public sealed record ProvisionedCache(string KeySpace, string? User, string Durability);
