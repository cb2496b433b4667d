using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.Commands;
using Saga.Api.Failures;
using Saga.Api.Limits;
using Saga.Api.OpenApi;
using Saga.Api.Operations;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tokens;
using Saga.Contracts.Batches;
using Saga.Contracts.Commands;
using Saga.Engine.Replays;
using Saga.Lifecycle.Batches;
using Saga.Lifecycle.FourEyes;
using Saga.Lifecycle.Intake;
using Saga.Registry.Batches;

namespace Saga.Api.Batches;

/// <summary>
/// One order for many operations, or one command for many tenants. It is prepared first, which chooses what it is for, and then run.
/// </summary>
internal static class BatchEndpoints
{
    public static string Address(Guid id) => $"/api/v1/batches/{id}";

    public static void MapBatches(this IEndpointRouteBuilder api)
    {
        Prepares<PrepareReplays>(
            api.MapPost("/replays", PrepareReplaysAsync), Policies.Operate, "prepareReplays", "Prepare one order for many operations",
            "Nothing is ordered yet. The response shows how many operations the order is for, grouped by what failed; running the batch orders exactly these, and refuses those that have changed since. A batch that nobody runs is deleted after a day.");
        Prepares<PrepareCommands>(
            api.MapPost("/tenants/bulk", PrepareCommandsAsync), Policies.Write, "prepareCommands", "Prepare one command for many tenants",
            "Nothing is ordered yet. The response shows how many tenants the command is for; running the batch gives it to exactly these. A batch that nobody runs is deleted after a day.");
        Prepares<PrepareUpgrades>(
            api.MapPost("/fleet/upgrades", PrepareUpgradesAsync), Policies.Write, "prepareUpgrades", "Prepare the upgrade of the product's tables in many places",
            "Nothing is upgraded yet. The response shows how many places there are to upgrade: a database or a schema of one tenant, or the tables that tenants share on a server. Its items are these and the rehearsals. Running the batch upgrades exactly these, each within its maintenance window, after the rehearsals that the body names have succeeded. A batch that nobody runs is deleted after a day.");
        api.MapList<BatchView>("/batches", ListAsync, Policies.Read, "listBatches", "List batches, newest first")
            .WithQueryParameter("kind", "One or more of replays, commands, upgrades, separated by commas.")
            .WithQueryParameter("state", "One or more of prepared, running, paused, completed, aborted, separated by commas.");
        api.MapOne<BatchView>("/batches/{id}", FindAsync, Policies.Read, "getBatch", "Show a batch", ProblemType.BatchNotFound);
        api.MapList<BatchItemView>("/batches/{id}/items", ListItemsAsync, Policies.Read, "listBatchItems", "List the items of a batch, in the order in which they begin")
            .WithQueryParameter("state", "One or more of pending, running, succeeded, failed, refused, skipped, separated by commas.")
            .WithQueryParameter("seen", "One of verified, contradicted, unverified: of replays that succeeded, those of which a scan has seen this.")
            .WithProblems(ProblemType.InvalidParameter, ProblemType.BatchNotFound);
        api.MapGet("/batches/{id}/events", FollowAsync).WithName("followBatch").RequireAuthorization(Policies.Read)
            .WithSummary("Follow a batch")
            .WithDescription("Server-sent events named batch. The data is the whole batch as JSON: at first as it is, and then whenever it has changed, at most once a second. They have no id, because a caller who connects again gets the batch as it is then. The stream ends when the batch has ended, or is deleted.")
            .Produces<string>(StatusCodes.Status200OK, "text/event-stream").WithProblems(ProblemType.BatchNotFound);
        api.MapPost("/batches/{id}/run", RunAsync).WithName("runBatch").RequireAuthorization(Policies.Operate)
            .WithSummary("Run a batch that was prepared")
            .WithDescription("Its items begin wave by wave. A batch of commands or upgrades needs the role platform-admin. A batch of replays by anybody else lets no removal go on and gives no command again: such items are refused.")
            .WithQueryParameter(CommandEndpoints.DryRun, "true: show any rejection, and write nothing.", "boolean")
            .WithHeaderParameter(CommandEndpoints.IdempotencyKey, "A batch runs once also without it.")
            .Produces<OperationView>(StatusCodes.Status202Accepted).Produces<CommandPlanView>()
            .WithResponseHeader(StatusCodes.Status202Accepted, "Location", "The address of the operation that stands for the batch.")
            .MayWait()
            .WithProblems(
                ProblemType.InvalidParameter, ProblemType.BatchNotFound, ProblemType.BatchState, ProblemType.Validation, ProblemType.IdempotencyKeyReused, ProblemType.EngineTooOld);
        Orders(api, "pause", BatchOrder.Pause, "pauseBatch", "Pause a batch", "No further item begins. Those that have begun go on.");
        Orders(api, "resume", BatchOrder.Resume, "resumeBatch", "Resume a batch that paused", "It goes on with another wave of the same size, so earlier failures do not pause it again. Rehearsals that failed begin again.");
        Orders(api, "abort", BatchOrder.Abort, "abortBatch", "Abort a batch", "Items that have not begun are skipped. Those that have begun go on.");
    }

    private static void Prepares<TBody>(RouteHandlerBuilder endpoint, string policy, string name, string summary, string description)
        where TBody : notnull => endpoint
        .WithName(name).RequireAuthorization(policy).WithSummary(summary).WithDescription(description)
        .Accepts<TBody>("application/json")
        .WithHeaderParameter(CommandEndpoints.IdempotencyKey, "1 to 200 visible ASCII characters; the same key and body give the same batch.")
        .Produces<BatchView>(StatusCodes.Status201Created).WithResponseHeader(StatusCodes.Status201Created, "Location", "The batch's address.")
        .WithProblems(
            ProblemType.MalformedJson, ProblemType.InvalidParameter, ProblemType.BodyTooLarge, ProblemType.UnsupportedMediaType, ProblemType.Validation, ProblemType.IdempotencyKeyReused);

    private static void Orders(IEndpointRouteBuilder api, string verb, BatchOrder order, string name, string summary, string description) => api
        .MapPost($"/batches/{{id}}/{verb}", (HttpRequest request, string id, ClaimsPrincipal user, BatchStore batches, FourEyesRules fourEyes, FailureHelp help, CancellationToken cancellationToken) =>
            OrderAsync(request, id, user, order, batches, fourEyes, help, cancellationToken))
        .WithName(name).RequireAuthorization(Policies.Operate).WithSummary(summary).WithDescription(description)
        .Accepts<BatchOrderRequest>("application/json").Produces<BatchView>()
        .WithProblems(
            ProblemType.MalformedJson, ProblemType.InvalidParameter, ProblemType.BatchNotFound, ProblemType.BatchState, ProblemType.BodyTooLarge, ProblemType.UnsupportedMediaType,
            ProblemType.Validation);

    private static Task<IResult> PrepareReplaysAsync(
        HttpRequest request, ClaimsPrincipal user, BatchPreparation preparation, BatchStore batches, FourEyesRules fourEyes, FailureHelp help, CancellationToken cancellationToken) =>
        PrepareAsync<PrepareReplays>(request, (body, key) => preparation.PrepareAsync(body, user.Caller(), key, cancellationToken), batches, fourEyes, help, cancellationToken);

    private static Task<IResult> PrepareCommandsAsync(
        HttpRequest request, ClaimsPrincipal user, BatchPreparation preparation, BatchStore batches, FourEyesRules fourEyes, FailureHelp help, CancellationToken cancellationToken) =>
        PrepareAsync<PrepareCommands>(request, (body, key) => preparation.PrepareAsync(body, user.Caller(), key, cancellationToken), batches, fourEyes, help, cancellationToken);

    private static Task<IResult> PrepareUpgradesAsync(
        HttpRequest request, ClaimsPrincipal user, BatchPreparation preparation, BatchStore batches, FourEyesRules fourEyes, FailureHelp help, CancellationToken cancellationToken) =>
        PrepareAsync<PrepareUpgrades>(request, (body, key) => preparation.PrepareAsync(body, user.Caller(), key, cancellationToken), batches, fourEyes, help, cancellationToken);

    private static async Task<IResult> PrepareAsync<TBody>(
        HttpRequest request, Func<TBody, string?, Task<BatchPrepared>> prepare, BatchStore batches, FourEyesRules fourEyes, FailureHelp help, CancellationToken cancellationToken)
        where TBody : class
    {
        var query = new QueryReader(request);
        var key = CommandEndpoints.KeyOf(request, query);
        if (query.Problem is { } badQuery)
            return badQuery;
        var (document, badBody) = await JsonBody.ReadAsync(request, cancellationToken);
        if (document is null)
            return badBody!;
        using var body = document;
        if (CommandReader.Read<TBody>(body.RootElement, hasKey: false, out var errors) is not { } given)
            return WaitEndpoints.Wrong(errors);
        return await prepare(given, key) switch
        {
            BatchPrepared.As { Id: var id } => TypedResults.Created(Address(id), await ShowAsync(id, batches, fourEyes, help, cancellationToken)),
            BatchPrepared.Refused { Rejection: var rejection } => new ProblemResult(
                ProblemType.OfRejection(rejection.Code), rejection.Detail, [.. rejection.Errors.Select(e => new ProblemError { Pointer = e.Pointer, Detail = e.Detail })]),
            var other => throw new InvalidOperationException($"The preparation answered with {other}."),
        };
    }

    private static async Task<IResult> ListAsync(HttpRequest request, BatchStore batches, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "cursor", "limit", "kind", "state");
        var filter = new BatchFilter { Kinds = query.Several<BatchKind>("kind"), States = query.Several<BatchState>("state") };
        var (cursor, limit) = (query.Cursor(BatchStore.Sort), query.Limit());
        return query.Problem as IResult ?? TypedResults.Ok(PageView.Of(await batches.ListAsync(filter, cursor, limit, cancellationToken), BatchView.Of));
    }

    private static Task<IResult> FindAsync(HttpRequest request, string id, BatchStore batches, FourEyesRules fourEyes, FailureHelp help, CancellationToken cancellationToken) =>
        ResourceEndpoints.ShowAsync(request, id, key => ShowAsync(key, batches, fourEyes, help, cancellationToken), NotFound);

    private static async Task<IResult> ListItemsAsync(HttpRequest request, string id, BatchStore batches, FailureHelp help, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "cursor", "limit", "state", "seen");
        var seen = query.OneOf("seen", ["verified", "contradicted", "unverified"]) is { } stage ? Enum.Parse<ReplayStage>(stage, ignoreCase: true) : (ReplayStage?)null;
        var states = query.Several<BatchItemState>("state");
        var (cursor, limit) = (query.Cursor(BatchStore.ItemSort), query.Limit());
        if (query.Problem is { } bad)
            return bad;
        return Guid.TryParseExact(id, "d", out var key) && await batches.FindAsync(key, cancellationToken) is { } batch
            ? TypedResults.Ok(PageView.Of(await batches.ListItemsAsync(key, states, seen, cursor, limit, cancellationToken), item => BatchItemView.Of(item, batch.Kind, help)))
            : NotFound();
    }

    private static async Task<IResult> RunAsync(
        HttpRequest request, string id, ClaimsPrincipal user, BatchStore batches, CommandDoor<RunBatch> door, CancellationToken cancellationToken)
    {
        if (!Guid.TryParseExact(id, "d", out var key) || await batches.FindAsync(key, cancellationToken) is not { } batch)
            return NotFound();
        if (Refused(batch, user) is { } refused)
            return refused;
        return await door.TakeWithoutBodyAsync(
            request, user,
            // A second request of the same caller runs nothing a second time, and gets the same answer.
            given => new RunBatch { BatchId = key, AsOperator = !user.Caller().IsAdministrator, IdempotencyKey = given ?? $"run-batch-{key:d}" },
            preview => TypedResults.Ok(CommandPlanView.Of(preview)), cancellationToken);
    }

    private static async Task<IResult> OrderAsync(
        HttpRequest request, string id, ClaimsPrincipal user, BatchOrder order, BatchStore batches, FourEyesRules fourEyes, FailureHelp help, CancellationToken cancellationToken)
    {
        if (new QueryReader(request).Problem is { } badQuery)
            return badQuery;
        var (document, badBody) = await JsonBody.ReadAsync(request, cancellationToken);
        if (document is null)
            return badBody!;
        using var body = document;
        if (CommandReader.Read<BatchOrderRequest>(body.RootElement, hasKey: false, out var errors) is not { } given)
            return WaitEndpoints.Wrong(errors);
        if (ReasonText.Normalize(given.Reason) is not { } reason)
            return WaitEndpoints.Wrong([new("/reason", ReasonText.Rule)]);
        if (!Guid.TryParseExact(id, "d", out var key) || await batches.FindAsync(key, cancellationToken) is not { } batch)
            return NotFound();
        if (Refused(batch, user) is { } refused)
            return refused;
        return await batches.OrderAsync(key, order, user.Caller().ToString(), reason, cancellationToken) switch
        {
            null => NotFound(),
            "" => TypedResults.Ok(await ShowAsync(key, batches, fourEyes, help, cancellationToken)),
            var why => new ProblemResult(ProblemType.BatchState, why),
        };
    }

    private static ProblemResult? Refused(Batch batch, ClaimsPrincipal user) => batch.Kind == BatchKind.Replays || user.Caller().IsAdministrator
        ? null
        : new(ProblemType.Forbidden, $"The batch {(batch.Kind == BatchKind.Commands ? "gives commands to tenants" : "upgrades the tables of tenants")}. This needs the role platform-admin.");

    private static async Task<BatchView?> ShowAsync(Guid id, BatchStore batches, FourEyesRules fourEyes, FailureHelp help, CancellationToken cancellationToken) =>
        await batches.FindAsync(id, cancellationToken) is { } batch
            ? BatchView.Of(batch) with
            {
                NeedsApproval = batch.State == BatchState.Prepared ? fourEyes.Names(batch) : null,
                Seen = batch.Kind == BatchKind.Replays ? BatchSeenView.Of(await batches.CountSeenAsync(id, cancellationToken)) : null,
                Groups = batch.Kind == BatchKind.Replays ? [.. (await batches.GroupsAsync(id, cancellationToken)).Select(g => BatchGroupView.Of(g, help))] : null,
            }
            : null;

    private static async Task<IResult> FollowAsync(
        HttpContext context, string id, BatchStore batches, FourEyesRules fourEyes, FailureHelp help, BatchStream stream, CallerLimits limits, CancellationToken cancellationToken)
    {
        if (new QueryReader(context.Request).Problem is { } bad)
            return bad;
        if (!Guid.TryParseExact(id, "d", out var key) || await batches.FindAsync(key, cancellationToken) is null)
            return NotFound();
        using var open = limits.Stream(context);
        if (!open.IsAcquired)
            return CallerLimits.TooManyStreams();
        await stream.WriteAsync(context, stop => ShowAsync(key, batches, fourEyes, help, stop));
        return TypedResults.Empty;
    }

    private static ProblemResult NotFound() => new(ProblemType.BatchNotFound, "No batch has this id. GET /api/v1/batches lists them; one that nobody ran is deleted after a day.");
}
