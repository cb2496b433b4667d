using System.Runtime.CompilerServices;
using Saga.Contracts.Identifiers;
using Saga.Tenancy.Objects;

namespace Saga.Workers.Backup.Objects;

internal sealed class FolderObjectSource(IObjectStore store) : IObjectSource
{
    public async IAsyncEnumerable<SourceObject> ListAsync(TenantId tenant, string? beginning, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in store.For(tenant).ListAsync(null, cancellationToken))
        {
            if (beginning is null || item.Key.StartsWith(beginning, StringComparison.Ordinal))
                yield return new(item.Key, item.Bytes, null, null, item.ModifiedAt);
        }
    }

    public async Task<OpenedObject?> OpenAsync(TenantId tenant, SourceObject item, CancellationToken cancellationToken) =>
        // All files were written by the adapter, so their keys follow the rules.
        ObjectKey.TryParse(item.Key, out var key) && await store.For(tenant).GetAsync(key, cancellationToken) is { } content
            ? new(item with { Bytes = content.Length }, content)
            : null;
}
