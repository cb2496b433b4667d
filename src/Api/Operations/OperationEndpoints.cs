using System.Security.Claims;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.Commands;
using Saga.Api.Failures;
using Saga.Api.Limits;
using Saga.Api.OpenApi;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tokens;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Replay;
using Saga.Registry.Operations;
using System.Text.Json;

namespace Saga.Api.Operations;

internal static class OperationEndpoints
{
    private const string LastEventId = "Last-Event-ID";

    public static string Address(Guid id) => $"/api/v1/operations/{id}";

    public static void MapOperations(this IEndpointRouteBuilder api)
    {
        api.MapList<OperationSummaryView>("/operations", ListAsync, Policies.Read, "listOperations", "List operations, newest first")
            .WithQueryParameter("state", "One or more of accepted, running, compensating, stalled, completed, compensated, cancelled, separated by commas.")
            .WithQueryParameter("kind", "Such as provision.")
            .WithQueryParameter("tenant", "A tenant's id or slug.")
            .WithQueryParameter("parent", "The id of an operation: lists its parts.")
            .WithQueryParameter("step", "Operations in which this step is running, waiting, deferred, awaiting or failed.");
        api.MapOne<OperationView>(
            "/operations/{id}", FindAsync, Policies.Read, "getOperation", "Show an operation with its steps and history", ProblemType.OperationNotFound);
        api.MapPost("/operations/{id}/cancel", CancelAsync).WithName("cancelOperation").RequireAuthorization(Policies.Operate)
            .WithSummary("Cancel an operation that has not reached its pivot")
            .WithDescription("What ran is undone, and the operation ends as cancelled. A second cancellation changes nothing. If the pivot is dispatched before the order arrives, the history says so.")
            .Accepts<CancelRequest>("application/json")
            .WithQueryParameter(CommandEndpoints.DryRun, "true: show the steps that would be undone and any rejection, and write nothing.", "boolean")
            .Produces<OperationView>(StatusCodes.Status202Accepted).Produces<CancelPlanView>()
            .WithResponseHeader(StatusCodes.Status202Accepted, "Location", "The operation's address.")
            .WithProblems(
                ProblemType.MalformedJson, ProblemType.InvalidParameter, ProblemType.OperationNotFound, ProblemType.OperationNotCancellable,
                ProblemType.BodyTooLarge, ProblemType.UnsupportedMediaType, ProblemType.Validation);
        api.MapPost("/operations/{id}/replay", ReplayAsync).WithName("replayOperation").RequireAuthorization(Policies.Operate)
            .WithSummary("Let a stalled operation go on, undo it, or run the command of one that has ended again")
            .WithDescription("Steps that failed run again, with new attempts. Steps may be skipped, or run again from an earlier one. To let a removal go on needs the role platform-admin, and so does forceComplete, which ends the operation by what somebody says is there. The command of an operation that was compensated or cancelled runs again, as a new operation, which needs the role platform-admin; changes are in input. A stalled operation carries the order out if it still means what it meant when it was accepted; otherwise the history says so.")
            .Accepts<ReplayRequest>("application/json")
            .WithHeaderParameter(CommandEndpoints.IdempotencyKey, "The same key orders once.")
            .WithQueryParameter(CommandEndpoints.DryRun, "true: show what would happen to each step, with the digest of the plan, and write nothing.", "boolean")
            .Produces<OperationView>(StatusCodes.Status202Accepted).Produces<ReplayPlanView>()
            .WithResponseHeader(StatusCodes.Status202Accepted, "Location", "The operation's address.")
            .MayWait()
            .WithProblems(
                ProblemType.MalformedJson, ProblemType.InvalidParameter, ProblemType.OperationNotFound, ProblemType.OperationNotReplayable, ProblemType.OperationMoved, ProblemType.ApprovalNeeded,
                ProblemType.BodyTooLarge, ProblemType.UnsupportedMediaType, ProblemType.Validation);
        api.MapGet("/operations/{id}/events", FollowAsync).WithName("followOperation").RequireAuthorization(Policies.Read)
            .WithSummary("Follow an operation")
            .WithDescription("Server-sent events, one for each history line. The id is the line's id and the data is the line as JSON. Steps that report their progress also cause events named progress, at most one a second for each, without an id. The stream ends after completed, compensated or cancelled, or after the last note on an operation that had ended before.")
            .WithHeaderParameter(LastEventId, "Resume after this event.")
            .Produces<string>(StatusCodes.Status200OK, "text/event-stream").Produces(StatusCodes.Status204NoContent).WithProblems(ProblemType.InvalidParameter, ProblemType.OperationNotFound);
    }

    private static async Task<IResult> ListAsync(HttpRequest request, OperationStore operations, CommandCatalogue catalogue, FailureHelp help, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "cursor", "limit", "state", "kind", "tenant", "parent", "step");
        var filter = new OperationFilter { States = query.Several<OperationState>("state"), Kind = await query.KindAsync(operations, catalogue, cancellationToken), Step = query.Text("step", 63) };
        if (query.Text("tenant") is { } tenant)
        {
            if (TenantId.TryParse(tenant, out var id))
                filter = filter with { TenantId = id };
            else if (Slug.TryParse(tenant, out var slug))
                filter = filter with { TenantSlug = slug };
            else
                query.AddError("tenant", "must be a tenant's id or slug");
        }

        if (query.Text("parent") is { } parent)
        {
            if (Guid.TryParseExact(parent, "d", out var id))
                filter = filter with { ParentId = id };
            else
                query.AddError("parent", "must be the id of an operation");
        }

        // Operations of another version may have steps that this one does not know.
        var steps = catalogue.Entries.SelectMany(e => e.Workflows).SelectMany(w => w.Steps).Select(s => s.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (filter.Step is { } step && !steps.Contains(StepAliases.Current(step), StringComparer.Ordinal) && !await operations.HasStepAsync(step, cancellationToken))
            query.AddError("step", $"is not a step; there are {string.Join(", ", steps)}");

        var (cursor, limit) = (query.Cursor(OperationStore.Sort), query.Limit());
        return query.Problem as IResult
            ?? TypedResults.Ok(PageView.Of(await operations.ListAsync(filter, cursor, limit, cancellationToken), operation => new OperationSummaryView(operation, help)));
    }

    /// <summary>The kind of operation that a list is filtered by; null when absent.</summary>
    public static async Task<string?> KindAsync(this QueryReader query, OperationStore operations, CommandCatalogue catalogue, CancellationToken cancellationToken)
    {
        var kind = query.Text("kind", 63);
        var kinds = catalogue.Entries.Select(e => e.Kind).Order(StringComparer.Ordinal).ToList();
        // Operations of another version may have kinds that this one does not know.
        if (kind is not null && !kinds.Contains(kind, StringComparer.Ordinal) && !await operations.HasKindAsync(kind, cancellationToken))
            query.AddError("kind", $"is not a kind of operation; there are {string.Join(", ", kinds)}");
        return kind;
    }

    private static Task<IResult> FindAsync(HttpRequest request, string id, OperationReader operations, CancellationToken cancellationToken) =>
        ResourceEndpoints.ShowAsync(request, id, key => operations.FindAsync(key, cancellationToken), () => NotFound(id));

    private static async Task<IResult> CancelAsync(HttpRequest request, string id, ClaimsPrincipal user, CommandDoor<CancelOperation> door, CancellationToken cancellationToken)
    {
        if (!Guid.TryParseExact(id, "d", out var key))
            return NotFound(id);
        return await door.TakeAsync(request, user, Read, preview => TypedResults.Ok(CancelPlanView.Of(preview)), cancellationToken);

        CancelOperation? Read(JsonElement body, string? idempotencyKey, out IReadOnlyList<FieldError> errors) =>
            CommandReader.Read<CancelOperation>(body, hasKey: false, out errors, given: "operationId") is { } command ? command with { OperationId = key } : null;
    }

    private static async Task<IResult> ReplayAsync(HttpRequest request, string id, ClaimsPrincipal user, CommandDoor<ReplayOperation> door, CancellationToken cancellationToken)
    {
        if (!Guid.TryParseExact(id, "d", out var key))
            return NotFound(id);
        return await door.TakeAsync(request, user, Read, preview => TypedResults.Ok(ReplayPlanView.Of(ReplayIntake.For(user.Caller(), preview))), cancellationToken);

        ReplayOperation? Read(JsonElement body, string? idempotencyKey, out IReadOnlyList<FieldError> errors) =>
            CommandReader.Read<ReplayOperation>(body, hasKey: false, out errors, given: "operationId") is { } command
                ? command with { OperationId = key, IdempotencyKey = idempotencyKey }
                : null;
    }

    private static async Task<IResult> FollowAsync(HttpContext context, string id, OperationStore operations, EventStream stream, CallerLimits limits, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request);
        long after = 0;
        if (context.Request.Headers.TryGetValue(LastEventId, out var last)
            && !(last is [{ } text] && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out after)))
            query.AddError(LastEventId, "must be the id of an event of this operation");
        if (query.Problem is { } bad)
            return bad;
        if (!Guid.TryParseExact(id, "d", out var key) || await operations.FindAsync(key, cancellationToken) is not { } operation)
            return NotFound(id);
        // The caller already has the last event, so it should not reconnect.
        long? end = operation.FinishedAt is null ? null : operation.Version;
        if (after >= end)
            return TypedResults.NoContent();
        using var open = limits.Stream(context);
        if (!open.IsAcquired)
            return CallerLimits.TooManyStreams();
        await stream.WriteAsync(context, key, after, end);
        return TypedResults.Empty;
    }

    internal static ProblemResult NotFound(string id) =>
        new(ProblemType.OperationNotFound, Guid.TryParseExact(id, "d", out _) ? $"No operation has the id {id}." : "An operation's id is a UUID, as returned in Location and by GET /api/v1/operations.");
}
