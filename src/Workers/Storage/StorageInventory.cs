using System.Runtime.CompilerServices;
using Saga.Engine.Drift;
using Saga.Registry.Drift;
using Saga.Workers.Drift;

namespace Saga.Workers.Storage;

/// <summary>Tenants' parts of the object store, whichever adapter has them.</summary>
internal sealed class StorageInventory(IStorageProvisioner provisioner) : IInventory
{
    private const string Provisioned = "provisioned";

    public IReadOnlyList<string> Resources { get; } = [DriftResources.Storage];

    public async IAsyncEnumerable<InventoryPage> ListAsync(InventoryScope scope, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in provisioner.ListAsync(cancellationToken))
        {
            yield return new(
            [
                .. page.Select(found => new FoundThing
                {
                    Key = KeyOf(found.Tenant.Value),
                    Owner = found.Tenant.Value,
                    Installation = scope.Installation,
                    MadeAt = found.MadeAt,
                    Facts = Facts(found.IsProvisioned),
                }),
            ]);
        }
    }

    public async Task<IReadOnlyList<ExpectedThing>> ExpectAsync(DriftSnapshot registry, InventoryScope scope, CancellationToken cancellationToken) =>
    [
        .. (await registry.TenantsAsync(cancellationToken)).Select(t => new ExpectedThing { Key = KeyOf(t.Id), Tenant = t.Id, ChangedAt = t.UpdatedAt, Facts = Facts(true) }),
    ];

    private static DriftKey KeyOf(Guid tenant) => new(DriftResources.Storage, null, tenant.ToString());

    private static Dictionary<string, string> Facts(bool provisioned) => new(StringComparer.Ordinal) { [Provisioned] = DriftFacts.Of(provisioned) };
}
