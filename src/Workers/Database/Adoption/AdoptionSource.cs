using Saga.Contracts.Commands;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Adoption;

/// <summary>The database of a product without tenants that an adoption copies, as if it were a placement of its own.</summary>
internal static class AdoptionSource
{
    public static TenantSchema Of(StepContext context)
    {
        var command = context.Input<AdoptTenant>();
        return TenantSchema.Of(DatabaseStep.PlacementOf(context.Tenant) with { Place = new Placement(command.Server, command.Database, command.Schema ?? PlacementStore.ProductSchema) });
    }
}
