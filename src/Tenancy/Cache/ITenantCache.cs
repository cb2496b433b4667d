using Saga.Contracts.Identifiers;

namespace Saga.Tenancy.Cache;

/// <summary>Gives access to the cache of one tenant at a time. Thread-safe.</summary>
public interface ICacheStore
{
    /// <summary>Pass the authenticated tenant, never a value from the request.</summary>
    ITenantCache For(TenantId tenant);
}

/// <summary>
/// Entries and counters of one tenant, each with an expiry. No call can reach another tenant's. Entries may disappear at any
/// time. Every call throws <see cref="CacheException"/> when the cache fails. Thread-safe.
/// </summary>
public interface ITenantCache
{
    TenantId Tenant { get; }

    /// <summary>Null when there is no such entry, or it has expired.</summary>
    Task<byte[]?> GetAsync(CacheKey key, CancellationToken cancellationToken);

    /// <param name="timeToLive">At least one millisecond.</param>
    Task SetAsync(CacheKey key, ReadOnlyMemory<byte> value, TimeSpan timeToLive, CancellationToken cancellationToken);

    /// <returns>Whether it existed.</returns>
    Task<bool> DeleteAsync(CacheKey key, CancellationToken cancellationToken);

    /// <summary>Increments a counter atomically. The first increment starts the window, and the counter disappears at its end.</summary>
    /// <returns>The count within the window, including this increment.</returns>
    Task<long> CountAsync(CacheKey key, TimeSpan window, CancellationToken cancellationToken);
}
