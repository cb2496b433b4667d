using Saga.Contracts.Identifiers;

namespace Saga.Workers.Storage;

/// <summary>
/// Creates and removes one tenant's object storage. Both are idempotent and do not affect other tenants.
/// Failures are <see cref="Tenancy.Objects.ObjectStoreException"/>. Thread-safe.
/// </summary>
public interface IStorageProvisioner
{
    /// <inheritdoc cref="Saga.Workers.Runtime.IStep.LingersFor"/>
    TimeSpan LingersFor => TimeSpan.Zero;

    /// <summary>The object store that is used, as deletion certificates name it.</summary>
    string System { get; }

    Task<ProvisionedStorage> ProvisionAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>What tenants have in the store, page by page. The store has nothing of other installations: each has a bucket, or a prefix of buckets' names, of its own.</summary>
    IAsyncEnumerable<IReadOnlyList<ListedStorage>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Where the tenant's objects are, such as <c>s3://bucket/tenants/…/</c>.</summary>
    string Location(TenantId tenant);

    /// <summary>How much there is of the tenant.</summary>
    Task<StoredObjects> CountAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>Removes everything of the tenant, including old versions and unfinished uploads, and verifies that it is gone.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="cancellationToken">Cancels the calls; what was removed is gone.</param>
    /// <param name="removing">Called now and then with how much was removed so far.</param>
    Task RemoveAsync(TenantId tenant, CancellationToken cancellationToken, Action<StoredObjects>? removing = null);

    /// <summary>Whether anything of the tenant exists.</summary>
    Task<bool> ExistsAsync(TenantId tenant, CancellationToken cancellationToken);
}

/// <summary>What was created, for operators.</summary>
/// <param name="Location">The location, such as <c>s3://bucket/tenants/…/</c>.</param>
/// <param name="Policy">How access is restricted to the tenant's place.</param>
/// <param name="Lifecycle">What happens to unfinished uploads and to former versions.</param>
/// <param name="Versioning">What happens to what is replaced or deleted.</param>
public sealed record ProvisionedStorage(string Location, string Policy, string Lifecycle, string Versioning);

/// <summary>A tenant that has something in the store.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="IsProvisioned">Whether what provisioning makes is there. Otherwise there are objects alone.</param>
/// <param name="MadeAt">When it was made, if the store says so.</param>
public sealed record ListedStorage(TenantId Tenant, bool IsProvisioned, DateTimeOffset? MadeAt);

/// <summary>What there is of a tenant, or was.</summary>
/// <param name="Objects">Objects, with each older version and each delete marker counted by itself.</param>
/// <param name="Uploads">Unfinished uploads.</param>
public sealed record StoredObjects(long Objects, long Uploads);
