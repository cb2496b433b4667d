using Saga.Contracts.Identifiers;
using Saga.Tenancy.Objects;

namespace Saga.Workers.Backup.Objects;

/// <summary>Reads all objects of a tenant, whatever they are called. Failures are <see cref="ObjectStoreException"/>. Thread-safe.</summary>
internal interface IObjectSource
{
    /// <summary>The current objects, in no particular order.</summary>
    IAsyncEnumerable<SourceObject> ListAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>The version that was listed, where the store keeps versions, and otherwise what is there now. Null when it was deleted since.</summary>
    Task<OpenedObject?> OpenAsync(TenantId tenant, SourceObject item, CancellationToken cancellationToken);
}
