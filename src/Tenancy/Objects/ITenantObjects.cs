using Saga.Contracts.Identifiers;

namespace Saga.Tenancy.Objects;

/// <summary>Gives access to the objects of one tenant at a time. Thread-safe.</summary>
public interface IObjectStore
{
    /// <summary>Pass the authenticated tenant, never a value from the request.</summary>
    ITenantObjects For(TenantId tenant);
}

/// <summary>
/// The objects of one tenant. No call can reach another tenant's. Thread-safe.
/// Every call throws <see cref="ObjectStoreException"/> when the store fails.
/// </summary>
public interface ITenantObjects
{
    TenantId Tenant { get; }

    /// <summary>Writes or replaces the object atomically: a reader sees the old or the new content, never a part.</summary>
    Task PutAsync(ObjectKey key, Stream content, CancellationToken cancellationToken);

    /// <summary>The content, which the caller must dispose; null when there is no such object.</summary>
    Task<Stream?> GetAsync(ObjectKey key, CancellationToken cancellationToken);

    /// <summary>Whether the object exists, without reading its content; also false when the tenant has no object storage.</summary>
    Task<bool> ExistsAsync(ObjectKey key, CancellationToken cancellationToken);

    /// <summary>The objects below a folder, or all objects, in no particular order.</summary>
    IAsyncEnumerable<ObjectEntry> ListAsync(ObjectKey? folder, CancellationToken cancellationToken);

    /// <summary>Deletes the object. Its content stays as a former version. Does nothing when there is no such object.</summary>
    Task DeleteAsync(ObjectKey key, CancellationToken cancellationToken);

    /// <summary>Every version of the object that is still kept, newest first. A store without versions has the current one at most.</summary>
    IAsyncEnumerable<ObjectVersion> VersionsAsync(ObjectKey key, CancellationToken cancellationToken);

    /// <summary>The content of a version, which the caller must dispose; null when there is no such version, or when it is a deletion.</summary>
    Task<Stream?> GetAsync(ObjectKey key, string version, CancellationToken cancellationToken);

    /// <summary>Removes a version permanently. If it was the newest one, the one before it is current again. Does nothing when there is no such version.</summary>
    Task DeleteAsync(ObjectKey key, string version, CancellationToken cancellationToken);

    /// <summary>How the store protects an object that exists.</summary>
    Task<ObjectProtection> ProtectionAsync(ObjectKey key, CancellationToken cancellationToken);
}

/// <param name="Key">The key within the tenant. It is a string because other writers may not follow the rules of <see cref="ObjectKey"/>.</param>
/// <param name="Bytes">The length of the content.</param>
/// <param name="ModifiedAt">When it was written.</param>
public sealed record ObjectEntry(string Key, long Bytes, DateTimeOffset ModifiedAt);
