using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.Commands;
using Saga.Api.OpenApi;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tenants;
using Saga.Api.Tokens;
using Saga.Contracts.Commands;
using Saga.Engine.Drift;
using Saga.Lifecycle.Intake;
using Saga.Registry.Drift;
using Saga.Registry.Tenants;

namespace Saga.Api.Drift;

/// <summary>Scans that compare the registry with what is outside, and what they found.</summary>
internal static class DriftEndpoints
{
    public static void MapDrift(this IEndpointRouteBuilder api)
    {
        api.MapPost("/drift/scans", ScanAsync).WithName("scanDrift")
            .WithSummary("Compare what is outside with the registry")
            .WithDescription("Nothing is changed outside. The operation's steps say how much was compared and what could not be read; GET /api/v1/drift lists what differs. What may be part of an operation under way is left alone.")
            .TakesCommandOf<ScanDriftRequest, CommandPlanView>(Policies.Operate);
        api.MapList<DriftView>("/drift", ListAsync, Policies.Read, "listDrift", "List differences between the registry and what is outside, newest first")
            .WithQueryParameter("resource", $"One of {string.Join(", ", DriftResources.All)}.")
            .WithQueryParameter("kind", "One or more of orphan, missing, different, separated by commas.")
            .WithQueryParameter("tenant", "The id or the slug of a tenant.")
            .WithQueryParameter("server", "The name of a database server.")
            .WithQueryParameter("ended", "true: instead of those that are there, those that a later scan did not see any more.", "boolean");
    }

    private static Task<IResult> ScanAsync(HttpRequest request, ClaimsPrincipal user, CommandDoor<ScanDrift> door, CancellationToken cancellationToken) =>
        door.TakeAsync(request, user, Read, preview => TypedResults.Ok(CommandPlanView.Of(preview)), cancellationToken);

    private static ScanDrift? Read(JsonElement body, string? idempotencyKey, out IReadOnlyList<FieldError> errors) =>
        CommandReader.Read<ScanDrift>(body, hasKey: false, out errors) is { } command ? command with { IdempotencyKey = idempotencyKey } : null;

    private static async Task<IResult> ListAsync(HttpRequest request, DriftStore drift, TenantStore tenants, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "cursor", "limit", "resource", "kind", "tenant", "server", "ended");
        var filter = new DriftFilter
        {
            Resource = query.OneOf("resource", DriftResources.All),
            Kinds = query.Several<DriftKind>("kind"),
            Server = query.Text("server"),
            Ended = query.Flag("ended"),
        };
        if (query.Text("tenant") is { } idOrSlug)
        {
            filter = filter with { Tenant = await TenantAddress.FindAsync(idOrSlug, tenants, cancellationToken) };
            if (filter.Tenant is null)
                query.AddError("tenant", "must be the id or the slug of a tenant; there is no such tenant");
        }

        var (cursor, limit) = (query.Cursor(DriftStore.Sort), query.Limit());
        return query.Problem as IResult ?? TypedResults.Ok(PageView.Of(await drift.ListAsync(filter, cursor, limit, cancellationToken), DriftView.Of));
    }
}
