using Saga.Contracts.Identifiers;
using Saga.Tenancy.Objects;

namespace Saga.Workers.Backup.Objects;

/// <summary>Reads all objects of a tenant, whatever they are called. Failures are <see cref="ObjectStoreException"/>. Thread-safe.</summary>
internal interface IObjectSource
{
    /// <summary>The current objects, in no particular order.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="beginning">Only those whose keys begin so; all when null.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    IAsyncEnumerable<SourceObject> ListAsync(TenantId tenant, string? beginning, CancellationToken cancellationToken);

    /// <summary>The version that was listed, where the store keeps versions, and otherwise what is there now. Null when it was deleted since.</summary>
    Task<OpenedObject?> OpenAsync(TenantId tenant, SourceObject item, CancellationToken cancellationToken);
}
