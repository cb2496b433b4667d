using Saga.Contracts.Identifiers;

namespace Saga.Tenancy.Cache;

/// <summary>Gives access to the cache of one tenant at a time. Thread-safe.</summary>
public interface ICacheStore
{
    /// <summary>The tenant is whoever the caller proved it to be, never a value of the request.</summary>
    ITenantCache For(TenantId tenant);
}

/// <summary>
/// Entries and counters of one tenant, each with an end; no call reaches another's. What is here may be gone at any
/// time. Every call throws <see cref="CacheException"/> when the cache fails. Thread-safe.
/// </summary>
public interface ITenantCache
{
    TenantId Tenant { get; }

    /// <summary>Null when there is no such entry, or none any more.</summary>
    Task<byte[]?> GetAsync(CacheKey key, CancellationToken cancellationToken);

    /// <param name="timeToLive">At least one millisecond.</param>
    Task SetAsync(CacheKey key, ReadOnlyMemory<byte> value, TimeSpan timeToLive, CancellationToken cancellationToken);

    /// <returns>Whether it was there.</returns>
    Task<bool> DeleteAsync(CacheKey key, CancellationToken cancellationToken);

    /// <summary>Adds one to a counter in one step; the first addition begins the window, at whose end the counter is gone.</summary>
    /// <returns>The count within the window, this one included.</returns>
    Task<long> CountAsync(CacheKey key, TimeSpan window, CancellationToken cancellationToken);
}
