using System.Runtime.CompilerServices;
using Saga.Contracts.Identifiers;
using Saga.Engine.Drift;
using Saga.Registry.Drift;
using Saga.Tenancy.Cache;
using Saga.Workers.Drift;

namespace Saga.Workers.Cache;

/// <summary>Tenants' users of the cache, or their entries where it has no users.</summary>
internal sealed class CacheInventory(ICacheProvisioner provisioner) : IInventory
{

    public IReadOnlyList<string> Resources { get; } = [DriftResources.CacheUser, DriftResources.CacheEntries];

    public async IAsyncEnumerable<InventoryPage> ListAsync(InventoryScope scope, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in provisioner.ListAsync(cancellationToken))
            yield return new([.. page.Select(found => found.User is { } user ? Describe(found, user) : Entries(found, scope))]);
    }

    public async Task<IReadOnlyList<ExpectedThing>> ExpectAsync(DriftSnapshot registry, InventoryScope scope, CancellationToken cancellationToken)
    {
        var expected = new List<ExpectedThing>();
        foreach (var tenant in await registry.TenantsAsync(cancellationToken))
        {
            var id = new TenantId(tenant.Id);
            if (provisioner.User(id) is { } made)
            {
                expected.Add(new()
                {
                    Key = new(DriftResources.CacheUser, null, tenant.CacheUser ?? made),
                    Tenant = tenant.Id,
                    ChangedAt = tenant.UpdatedAt,
                    Facts = new Dictionary<string, string>(StringComparer.Ordinal) { [DriftFacts.Enabled] = DriftFacts.Of(!tenant.IsClosed), [DriftFacts.Keys] = $"~{CacheKey.Prefix(id)}*" },
                });
            }
            else
            {
                expected.Add(new() { Key = KeyOfEntries(id), Tenant = tenant.Id, ChangedAt = tenant.UpdatedAt, Optional = true });
            }
        }

        return expected;
    }

    internal static FoundThing Describe(ListedCache found, string user) => new()
    {
        Key = new(DriftResources.CacheUser, null, user),
        Owner = found.Tenant.Value,
        Installation = found.Installation,
        // Both patterns mean the same.
        Facts = new Dictionary<string, string>(StringComparer.Ordinal) { [DriftFacts.Enabled] = DriftFacts.Of(found.IsEnabled), [DriftFacts.Keys] = found.Keys.Replace("%RW~", "~", StringComparison.Ordinal) },
    };

    private static FoundThing Entries(ListedCache found, InventoryScope scope) =>
        new() { Key = KeyOfEntries(found.Tenant), Owner = found.Tenant.Value, Installation = scope.Installation };

    private static DriftKey KeyOfEntries(TenantId tenant) => new(DriftResources.CacheEntries, null, CacheKey.Prefix(tenant));
}
