using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Reservation;

/// <summary>Begins the placement at the database or schema that the tenant adopts, so that no other tenant can. Nothing is written there.</summary>
internal sealed class ReserveAdoptedStep(ReserveStep reserve, DatabaseServers servers, PlacementStore placements) : IStep
{
    public string Name => StepNames.ReserveAdopted;

    public bool NeedsInput => true;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var tenant = context.Tenant;
        await reserve.CheckAsync(tenant, cancellationToken);
        var command = context.Input<AdoptTenant>();
        if (!servers.Names.Contains(command.Server))
        {
            throw StepFailureException.Permanent(
                "server-unknown", $"Database server '{command.Server}' is not configured for this worker.", $"Set Saga:Databases:Servers:{command.Server}:ConnectionString for every worker, then send the command again.");
        }

        var place = new Placement(command.Server, command.Database, command.Schema ?? PlacementStore.ProductSchema);
        if (await placements.ReserveAtAsync(context.Lease, tenant.Id, tenant.Tier, place, cancellationToken) is null)
        {
            throw StepFailureException.Permanent(
                "place-in-use", $"Database '{place.Database}' on server '{place.Server}' has another tenant's place by now, or the server takes no further placements.",
                "Compare GET /api/v1/servers and the tenants of the server, then send the command again.");
        }

        return new { place.Server, place.Database, place.Schema, tenant.Tier };
    }

    /// <summary>What it undoes is what the reservation of a new place undoes.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => reserve.CompensateAsync(context, cancellationToken);
}
