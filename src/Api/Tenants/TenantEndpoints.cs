using System.ComponentModel;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.Commands;
using Saga.Api.OpenApi;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tokens;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;

namespace Saga.Api.Tenants;

internal static class TenantEndpoints
{
    public static void MapTenants(this IEndpointRouteBuilder api)
    {
        api.MapPost("/tenants", ProvisionAsync).WithName("provisionTenant")
            .WithSummary("Provision a tenant").WithDescription("Accepts the command and returns the operation that runs it.")
            .TakesCommand<ProvisionRequest, ProvisionPlanView>(ProblemType.SlugTaken, ProblemType.DomainTaken, ProblemType.SubdomainTaken, ProblemType.NameTaken, ProblemType.NoServer, ProblemType.NoReplica, ProblemType.ServerFull).MayBeScheduled();
        api.MapList<TenantView>("/tenants", ListAsync, Policies.Read, "listTenants", "List tenants")
            .WithQueryParameter("search", "Part of the name, slug or domain, ignoring case.")
            .WithQueryParameter("status", "One or more of provisioning, active, suspended, failed, deprovisioned, separated by commas.")
            .WithQueryParameter("plan", "A plan's name.")
            .WithQueryParameter("sort", $"One of {string.Join(", ", TenantListing.Sorts)}; {TenantListing.Sorts[0]} when absent.");
        api.MapOne<TenantView>("/tenants/{idOrSlug}", FindAsync, Policies.Read, "getTenant", "Find a tenant by its id or slug", ProblemType.TenantNotFound)
            .WithResponseHeader(StatusCodes.Status200OK, "ETag", "The tenant's version, for If-Match of an update.");
    }

    private static Task<IResult> ProvisionAsync(
        HttpRequest request, ClaimsPrincipal user, CommandDoor<ProvisionTenant> door, CancellationToken cancellationToken) =>
        door.TakeAsync(request, user, ProvisionRequestReader.Read, preview => TypedResults.Ok(ProvisionPlanView.Of(preview)), cancellationToken);

    private static async Task<IResult> ListAsync(HttpRequest request, TenantListing tenants, PlanStore plans, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "cursor", "limit", "search", "status", "plan", "sort");
        var sort = query.OneOf("sort", TenantListing.Sorts) ?? TenantListing.Sorts[0];
        var filter = new TenantFilter { Search = query.Text("search", 100), Statuses = query.Several<TenantStatus>("status"), Plan = query.Text("plan") };
        if (filter.Plan is { } plan && await plans.FindAsync(plan, cancellationToken) is null)
            query.AddError("plan", "must be the name of a plan listed by GET /api/v1/plans");
        var (cursor, limit) = (query.Cursor(sort), query.Limit());
        return query.Problem as IResult
            ?? TypedResults.Ok(PageView.Of(await tenants.ListAsync(filter, sort, cursor, limit, cancellationToken), TenantView.Of));
    }

    private static async Task<IResult> FindAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, TenantStore tenants, CancellationToken cancellationToken)
    {
        if (new QueryReader(request).Problem is { } bad)
            return bad;
        // An old tenant's slug may look like an id.
        var tenant = TenantId.TryParse(idOrSlug, out var id) ? await tenants.FindAsync(id, cancellationToken) : null;
        if (tenant is null && Slug.TryParse(idOrSlug, out var slug))
            tenant = await tenants.FindAsync(slug, cancellationToken);
        if (tenant is null)
            return TenantAddress.NotFound();
        request.HttpContext.Response.Headers.ETag = TenantVersion.Tag(tenant.Version);
        return TypedResults.Ok(TenantView.Of(tenant));
    }
}
