using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.Commands;
using Saga.Api.Problems;
using Saga.Contracts.Commands;

namespace Saga.Api.Tenants;

internal static class AdoptEndpoints
{
    public static void MapAdoptions(this IEndpointRouteBuilder api) =>
        api.MapPost("/tenants/adopt", AdoptAsync).WithName("adoptTenant")
            .WithSummary("Adopt an existing database or schema")
            .WithDescription("Makes a database or schema of the product that exists a tenant, without copying its rows. With the isolation row, the rows of tables without tenant_id are copied into the shared ones, and the source is only read. The operation's second step refuses what does not fit, before anything is written there.")
            .TakesCommand<AdoptRequest, AdoptPlanView>(
                ProblemType.SlugTaken, ProblemType.DomainTaken, ProblemType.SubdomainTaken, ProblemType.NameTaken, ProblemType.TenantState, ProblemType.PlaceInUse, ProblemType.NoServer, ProblemType.ServerFull);

    private static Task<IResult> AdoptAsync(HttpRequest request, ClaimsPrincipal user, CommandDoor<AdoptTenant> door, CancellationToken cancellationToken) =>
        door.TakeAsync(request, user, AdoptRequestReader.Read, preview => TypedResults.Ok(AdoptPlanView.Of(preview)), cancellationToken);
}
