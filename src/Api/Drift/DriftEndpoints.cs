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
        api.MapPost("/drift/repairs", RepairAsync).WithName("repairDrift")
            .WithSummary("Repair differences that scans have found")
            .WithDescription("What is different is set back, what is missing is made again, and what should not be there is quarantined: renamed, barred, and removed when its time in quarantine is over. Each is looked at once more right before; what is not so any more is not touched. The dry run says what each finding gets, what cannot be repaired, and what a person does instead. To quarantine needs the role platform-admin, and a confirmation after a restore of the registry or when orphans are many.")
            .TakesCommandOf<RepairDriftRequest, RepairPlanView>(Policies.Operate, ProblemType.Forbidden, ProblemType.ConfirmationNeeded);
        api.MapList<QuarantineView>("/drift/quarantine", ListQuarantineAsync, Policies.Read, "listQuarantine", "List what repairs have quarantined, newest first")
            .WithQueryParameter("state", "One or more of quarantining, quarantined, releasing, released, removing, removed, left, separated by commas.");
        api.MapOne<QuarantineView>("/drift/quarantine/{id}", FindQuarantinedAsync, Policies.Read, "getQuarantined", "Show something that was quarantined", ProblemType.QuarantineNotFound);
        api.MapPost("/drift/quarantine/{id}/release", ReleaseAsync).WithName("releaseQuarantined")
            .WithSummary("Release something from quarantine")
            .WithDescription("It gets its name and its rights back, and is not removed. The next scan finds it again, if it is still an orphan.")
            .TakesCommandOf<ReleaseQuarantinedRequest, CommandPlanView>(Policies.Operate, ProblemType.QuarantineNotFound, ProblemType.QuarantineState);
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

    private static Task<IResult> RepairAsync(HttpRequest request, ClaimsPrincipal user, CommandDoor<RepairDrift> door, CancellationToken cancellationToken)
    {
        return door.TakeAsync(request, user, Read, preview => TypedResults.Ok(RepairPlanView.Of(preview)), cancellationToken);

        // The rights come with the token.
        RepairDrift? Read(JsonElement body, string? key, out IReadOnlyList<FieldError> errors) =>
            CommandReader.Read<RepairDrift>(body, hasKey: false, out errors, given: "asOperator") is { } command
                ? command with { IdempotencyKey = key, AsOperator = !user.Caller().IsAdministrator }
                : null;
    }

    private static async Task<IResult> ReleaseAsync(
        HttpRequest request, [Description("The id of what was quarantined.")] string id, ClaimsPrincipal user, CommandDoor<ReleaseQuarantined> door, CancellationToken cancellationToken)
    {
        if (!Guid.TryParseExact(id, "d", out var quarantine))
            return NotQuarantined();
        return await door.TakeAsync(request, user, Read, preview => TypedResults.Ok(CommandPlanView.Of(preview)), cancellationToken);

        ReleaseQuarantined? Read(JsonElement body, string? key, out IReadOnlyList<FieldError> errors) =>
            CommandReader.Read<ReleaseQuarantined>(body, hasKey: false, out errors, given: "quarantineId") is { } command
                ? command with { QuarantineId = quarantine, IdempotencyKey = key }
                : null;
    }

    private static async Task<IResult> ListQuarantineAsync(HttpRequest request, QuarantineStore quarantine, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "cursor", "limit", "state");
        var states = query.Several<QuarantineState>("state");
        var (cursor, limit) = (query.Cursor(QuarantineStore.Sort), query.Limit());
        return query.Problem as IResult ?? TypedResults.Ok(PageView.Of(await quarantine.ListAsync(states, cursor, limit, cancellationToken), QuarantineView.Of));
    }

    private static Task<IResult> FindQuarantinedAsync(
        HttpRequest request, [Description("The id of what was quarantined.")] string id, QuarantineStore quarantine, CancellationToken cancellationToken) =>
        ResourceEndpoints.ShowAsync(request, id, async key => await quarantine.FindAsync(key, cancellationToken) is { } thing ? QuarantineView.Of(thing) : null, NotQuarantined);

    private static ProblemResult NotQuarantined() => new(ProblemType.QuarantineNotFound, "Nothing was quarantined under this id. GET /api/v1/drift/quarantine lists what is.");

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
