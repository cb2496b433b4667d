using Saga.Contracts.Identifiers;

namespace Saga.Tenancy.Objects;

/// <summary>Gives access to the objects of one tenant at a time. Thread-safe.</summary>
public interface IObjectStore
{
    /// <summary>The tenant is whoever the caller proved it to be, never a value of the request.</summary>
    ITenantObjects For(TenantId tenant);
}

/// <summary>
/// The objects of one tenant; no call reaches another's. Thread-safe.
/// Every call throws <see cref="ObjectStoreException"/> when the store fails.
/// </summary>
public interface ITenantObjects
{
    TenantId Tenant { get; }

    /// <summary>Writes the object whole, over one that is there: a reader sees the old or the new, never a part.</summary>
    Task PutAsync(ObjectKey key, Stream content, CancellationToken cancellationToken);

    /// <summary>The content, to be disposed by the caller; null when there is no such object.</summary>
    Task<Stream?> GetAsync(ObjectKey key, CancellationToken cancellationToken);

    /// <summary>Whether the object is there, without its content; false also where the tenant has no place for objects.</summary>
    Task<bool> ExistsAsync(ObjectKey key, CancellationToken cancellationToken);

    /// <summary>The objects below a folder, or all, in no particular order.</summary>
    IAsyncEnumerable<ObjectEntry> ListAsync(ObjectKey? folder, CancellationToken cancellationToken);

    /// <summary>Nothing happens when there is no such object.</summary>
    Task DeleteAsync(ObjectKey key, CancellationToken cancellationToken);
}

/// <param name="Key">Within the tenant. A text, since other writers may have kept to other rules than <see cref="ObjectKey"/>.</param>
/// <param name="Bytes">The length of the content.</param>
/// <param name="ModifiedAt">When it was written.</param>
public sealed record ObjectEntry(string Key, long Bytes, DateTimeOffset ModifiedAt);
