using System.Security.Claims;
using System.Text.Json;
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
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Upgrades;
using Saga.Registry.Batches;
using Saga.Registry.Placements;
using Saga.Registry.Products;

namespace Saga.Api.Fleet;

/// <summary>What is about no single tenant.</summary>
internal static class FleetEndpoints
{
    public static void MapFleet(this IEndpointRouteBuilder api)
    {
        api.MapGet("/fleet/versions", VersionsAsync).WithName("listVersions").RequireAuthorization(Policies.Read)
            .WithSummary("Show which versions of the product's tables there are, and list the places that lag behind")
            .WithDescription("Of active tenants. A place is the database or the schema of one tenant, or the tables that tenants share on a server.")
            .WithPaging().WithQueryParameter("tier", "One or more of row, schema, database, separated by commas: of which tiers places that lag behind are listed.")
            .Produces<FleetVersionsView>().WithProblems(ProblemType.InvalidParameter);
        api.MapPost("/fleet/rotate-master-key", RotateMasterKeyAsync).WithName("rotateMasterKey")
            .WithSummary("Wrap every tenant's key with another master key")
            .WithDescription("Refused while a process lacks the key or wraps with another one. Afterwards the former master keys are no longer needed.")
            .TakesCommand<RotateMasterKeyRequest, CommandPlanView>().MayBeScheduled();
    }

    private static async Task<IResult> VersionsAsync(HttpRequest request, PlaceVersionStore places, ProductVersionStore products, BatchStore batches, UpgradeWindows windows, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "cursor", "limit", "tier");
        var tiers = query.Several<IsolationTier>("tier");
        var (cursor, limit) = (query.Cursor(PlaceVersionStore.Sort), query.Limit());
        if (query.Problem is { } bad)
            return bad;
        var newest = await products.NewestAsync(cancellationToken);
        var now = await batches.NowAsync(cancellationToken);
        var behind = await places.BehindAsync(newest, tiers, cursor, limit, cancellationToken);
        return TypedResults.Ok(new FleetVersionsView
        {
            Newest = newest == 0 ? null : newest,
            Versions = [.. (await places.CountAsync(cancellationToken)).Select(VersionCountView.Of)],
            Items = [.. behind.Items.Select(place => LaggingPlaceView.Of(place, windows.Of(place, now), now))],
            NextCursor = behind.Next?.ToString(),
        });
    }

    private static Task<IResult> RotateMasterKeyAsync(HttpRequest request, ClaimsPrincipal user, CommandDoor<RotateMasterKey> door, CancellationToken cancellationToken) =>
        door.TakeAsync(request, user, Read, preview => TypedResults.Ok(CommandPlanView.Of(preview)), cancellationToken);

    private static RotateMasterKey? Read(JsonElement body, string? idempotencyKey, out IReadOnlyList<FieldError> errors) =>
        CommandReader.Read<RotateMasterKey>(body, hasKey: false, out errors) is { } command ? command with { IdempotencyKey = idempotencyKey } : null;
}
