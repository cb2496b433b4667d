using Saga.Contracts.Identifiers;
using Saga.Tenancy.Sealing;

namespace Saga.Workers.Cache;

/// <summary>
/// Creates and removes one tenant's part of the cache. Both are idempotent and do not affect other tenants.
/// Failures are <see cref="Tenancy.Cache.CacheException"/>. Thread-safe.
/// </summary>
public interface ICacheProvisioner
{
    /// <inheritdoc cref="Saga.Workers.Runtime.IStep.LingersFor"/>
    TimeSpan LingersFor => TimeSpan.Zero;

    /// <summary>The cache that is used, as deletion certificates name it.</summary>
    string System { get; }

    /// <summary>The user that provisioning makes for the tenant; null if the cache has no users. A rotation makes a second one.</summary>
    string? User(TenantId tenant);

    /// <param name="tenant">The tenant.</param>
    /// <param name="credential">The already stored credential of the user to make; null if the cache has no users.</param>
    /// <param name="installation">The installation whose id the user bears.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    Task<ProvisionedCache> ProvisionAsync(TenantId tenant, Credential? credential, Guid installation, CancellationToken cancellationToken);

    /// <summary>What tenants have in the cache, page by page: their users, or their entries where it has no users. Those of other installations, too.</summary>
    IAsyncEnumerable<IReadOnlyList<ListedCache>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Looks for one user.</summary>
    /// <returns>Null when there is none, or when it is not a tenant's.</returns>
    Task<ListedCache?> FindAsync(string user, CancellationToken cancellationToken);

    /// <summary>Switches one user on, or off with its connections ended. Its password, keys and rights stay.</summary>
    /// <returns>Whether there is such a user.</returns>
    Task<bool> SwitchAsync(string user, bool on, CancellationToken cancellationToken);

    /// <summary>Switches the tenant's users off and ends their connections. Does nothing if there are none. <see cref="ProvisionAsync"/> switches one on again.</summary>
    Task DisableAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>How many entries the tenant has.</summary>
    Task<long> CountAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>Removes the tenant's users, their connections and the tenant's entries, and verifies that they are gone.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="cancellationToken">Cancels the calls; what was removed is gone.</param>
    /// <param name="removing">Called now and then with the number of entries that were removed so far.</param>
    Task RemoveAsync(TenantId tenant, CancellationToken cancellationToken, Action<long>? removing = null);

    /// <summary>Removes one user and ends its connections. Does nothing if there is none. The tenant's entries stay.</summary>
    Task RemoveUserAsync(string user, CancellationToken cancellationToken);

    /// <summary>Whether a user or an entry exists.</summary>
    Task<bool> ExistsAsync(TenantId tenant, CancellationToken cancellationToken);
}

/// <summary>What a tenant has in the cache.</summary>
/// <param name="Tenant">The tenant.</param>
public sealed record ListedCache(TenantId Tenant)
{
    /// <summary>The user; null for entries in a cache without users.</summary>
    public string? User { get; init; }

    /// <summary>The installation whose id the user bears; null for a user that an earlier version made.</summary>
    public Guid? Installation { get; init; }

    /// <summary>Whether the user may sign in.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>The pattern of the keys that the user may read and write.</summary>
    public string Keys { get; init; } = "";
}

/// <summary>What was created, for operators.</summary>
/// <param name="KeySpace">The prefix of the tenant's keys.</param>
/// <param name="User">The user that may access them; null if the cache has no users.</param>
/// <param name="Durability">Whether the user survives a restart of the server.</param>
public sealed record ProvisionedCache(string KeySpace, string? User, string Durability);
