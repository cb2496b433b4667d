using System.Globalization;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Adopt;

/// <summary>Why a place cannot be adopted now, as far as the registry knows.</summary>
internal static class AdoptConflicts
{
    /// <returns>The rejection; null when a tenant of this id may begin anew.</returns>
    public static OperationRejected? Of(Tenant existing) => existing.Status == TenantStatus.Failed ? null : new()
    {
        Code = RejectionCodes.TenantState,
        Detail = $"Tenant {existing.Id} exists: '{existing.Slug}', which is {existing.ShownStatus.ToString().ToLowerInvariant()}. An id is never used for another tenant.",
        Errors = [new("/tenantId", $"is the id of tenant '{existing.Slug}'")],
    };

    public static OperationRejected? Of(ValidAdoption input, IReadOnlyList<NeighbourPlacement> neighbours)
    {
        if (neighbours.FirstOrDefault(n => input.Tenant.Tier == IsolationTier.Database || n.Tier != "schema" || n.Schema == input.Place.Schema) is not { } neighbour)
            return null;
        var isSchema = neighbour.Tier == "schema" && input.Tenant.Tier != IsolationTier.Database;
        return new()
        {
            Code = RejectionCodes.PlaceInUse,
            Detail = isSchema
                ? $"Schema '{neighbour.Schema}' of database '{input.Place.Database}' on server '{input.Place.Server}' is the place of tenant '{neighbour.Slug}'."
                : $"Database '{input.Place.Database}' on server '{input.Place.Server}' has a place of tenant '{neighbour.Slug}'. Adopt a database that no tenant uses.",
            Errors = [new(isSchema ? "/schema" : "/database", $"is in use by tenant '{neighbour.Slug}'")],
        };
    }

    public static OperationRejected? Of(PlacementServer? server) => server switch
    {
        null => null,
        { Accepting: false } => new()
        {
            Code = RejectionCodes.NoServer, Detail = $"Database server '{server.Name}' takes no further placements.", Errors = [new("/server", "takes no further placements")],
        },
        _ when server.Used >= server.Maximum => new()
        {
            Code = RejectionCodes.ServerFull,
            Detail = string.Create(CultureInfo.InvariantCulture,
                $"Database server '{server.Name}' is full: it holds {server.Used} of {server.Maximum} placements. Raise Saga:Databases:Servers:{server.Name}:MaxTenants, then send the command again."),
            Errors = [new("/server", "is full")],
        },
        _ => null,
    };
}
