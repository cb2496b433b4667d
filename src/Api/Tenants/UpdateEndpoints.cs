using System.ComponentModel;
using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.Commands;
using Saga.Api.OpenApi;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Contracts.Commands;
using Saga.Registry.Tenants;

namespace Saga.Api.Tenants;

/// <summary>Updating what is known of a tenant.</summary>
internal static class UpdateEndpoints
{
    public static void MapUpdates(this IEndpointRouteBuilder api) =>
        api.MapPatch("/tenants/{idOrSlug}", UpdateAsync).WithName("updateTenant")
            .WithSummary("Update what is known of a tenant")
            .WithDescription("A JSON merge patch (RFC 7396): what is absent stays, and null restores the default. The tenant has the new values when the command is accepted; the operation carries them on, or restores the former ones.")
            .TakesCommand<UpdateRequest, CommandPlanView>(
                ProblemType.TenantNotFound, ProblemType.TenantState, ProblemType.VersionRequired, ProblemType.VersionStale, ProblemType.DomainTaken, ProblemType.SubdomainTaken,
                ProblemType.NameTaken, ProblemType.NoServer, ProblemType.NoReplica)
            .Accepts<UpdateRequest>("application/json", JsonBody.MergePatch)
            .WithHeaderParameter(TenantVersion.IfMatch, "The ETag of the tenant that the update is based on. Required.");

    private static async Task<IResult> UpdateAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, ClaimsPrincipal user, CommandDoor<UpdateTenant> door, TenantStore tenants,
        CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, CommandEndpoints.DryRun);
        var version = TenantVersion.Read(request, query);
        if (query.Problem is { } bad)
            return bad;
        if (await TenantAddress.FindAsync(idOrSlug, tenants, cancellationToken) is not { } tenant)
            return TenantAddress.NotFound();
        return await door.TakeAsync(request, user, Read, preview => TypedResults.Ok(CommandPlanView.Of(preview)), cancellationToken);

        // The body is the patch itself. Which fields there are, the plan knows.
        UpdateTenant? Read(JsonElement body, string? key, out IReadOnlyList<FieldError> errors)
        {
            errors = [];
            return new() { TenantId = tenant, Version = version, Changes = body.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.Clone(), StringComparer.Ordinal), IdempotencyKey = key };
        }
    }
}
