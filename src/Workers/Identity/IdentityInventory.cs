using System.Runtime.CompilerServices;
using Saga.Contracts.Identifiers;
using Saga.Engine.Drift;
using Saga.Registry.Drift;
using Saga.Workers.Drift;

namespace Saga.Workers.Identity;

/// <summary>Tenants' organisations. Their members are not compared, which would take calls for each; the verification of a tenant looks at its administrator.</summary>
internal sealed class IdentityInventory(IDirectory directory) : IInventory
{
    private const int Page = 100;
    private const string Id = "id";

    public IReadOnlyList<string> Resources { get; } = [DriftResources.Organization];

    public async IAsyncEnumerable<InventoryPage> ListAsync(InventoryScope scope, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var things = new List<FoundThing>();
        IEnumerable<TenantId?> which = scope.Tenants is null ? [null] : scope.Tenants.Select(t => (TenantId?)new TenantId(t));
        foreach (var tenant in which)
        {
            await foreach (var found in directory.OrganizationsAsync(tenant, cancellationToken))
            {
                things.Add(Describe(found, scope));
                if (things.Count < Page)
                    continue;
                yield return new([.. things]);
                things.Clear();
            }
        }

        yield return new(things);
    }

    public async Task<IReadOnlyList<ExpectedThing>> ExpectAsync(DriftSnapshot registry, InventoryScope scope, CancellationToken cancellationToken)
    {
        var expected = new List<ExpectedThing>();
        foreach (var tenant in await registry.TenantsAsync(cancellationToken))
        {
            var facts = new Dictionary<string, string>(StringComparer.Ordinal) { [DriftFacts.Enabled] = DriftFacts.Of(!tenant.IsClosed) };
            if (tenant.OrganizationId is { } id)
                facts[Id] = id;
            expected.Add(new() { Key = KeyOf(tenant.Slug), Tenant = tenant.Id, ChangedAt = tenant.UpdatedAt, Facts = facts });
        }

        return expected;
    }

    public async Task<FoundThing?> FindAsync(ExpectedThing missing, InventoryScope scope, CancellationToken cancellationToken)
    {
        await foreach (var found in directory.OrganizationsAsync(new TenantId(missing.Tenant!.Value), cancellationToken))
        {
            if (found.Organization.Alias == missing.Key.Name)
                return Describe(found, scope);
        }

        return null;
    }

    internal FoundThing Describe(TenantOrganization found, InventoryScope scope) => new()
    {
        Key = KeyOf(found.Organization.Alias),
        Owner = found.Tenant.Value,
        Installation = directory.IsShared ? found.Installation : scope.Installation,
        Facts = new Dictionary<string, string>(StringComparer.Ordinal) { [DriftFacts.Enabled] = DriftFacts.Of(found.Organization.Enabled), [Id] = found.Organization.Id },
    };

    private static DriftKey KeyOf(string name) => new(DriftResources.Organization, null, name);
}
