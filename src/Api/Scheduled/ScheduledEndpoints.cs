using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.OpenApi;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tokens;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Replay;
using Saga.Registry.Operations;
using Saga.Registry.Schedule;

namespace Saga.Api.Scheduled;

/// <summary>Commands that run at a time. The same order by the same caller is accepted again, so that a caller without a reply may repeat it.</summary>
internal static class ScheduledEndpoints
{
    public static string Address(Guid id) => $"/api/v1/scheduled/{id}";

    public static void MapScheduled(this IEndpointRouteBuilder api)
    {
        api.MapList<ScheduledView>("/scheduled", ListAsync, Policies.Read, "listScheduled", "List scheduled commands, newest first")
            .WithQueryParameter("state", "One or more of scheduled, submitted, refused, cancelled, rejected, separated by commas.")
            .WithQueryParameter("kind", "Such as provision.")
            .WithQueryParameter("tenant", "A tenant's id.");
        api.MapOne<ScheduledView>("/scheduled/{id}", FindAsync, Policies.Read, "getScheduled", "Show a scheduled command and what came of it", ProblemType.ScheduledNotFound);
        Order("cancel", ScheduleOrder.Cancel, "cancelScheduled", "Cancel a scheduled command", "It has no effect. Once it was submitted, cancel its operation instead.");
        Order("run", ScheduleOrder.Run, "runScheduled", "Run a scheduled command now", "It is validated and submitted within about a second.");
        Order("approve", ScheduleOrder.Approve, "approveScheduled", "Approve a scheduled command", "Somebody else than who scheduled it must approve it, if it needs an approval.");
        Order("reject", ScheduleOrder.Reject, "rejectScheduled", "Reject a scheduled command", "It has no effect.");

        void Order(string verb, ScheduleOrder order, string name, string summary, string description) => api
            .MapPost($"/scheduled/{{id}}/{verb}", (HttpRequest request, string id, ClaimsPrincipal user, ScheduleStore store, CancellationToken cancellationToken) =>
                OrderAsync(request, id, user, order, store, cancellationToken))
            .WithName(name).RequireAuthorization(Policies.Write).WithSummary(summary).WithDescription(description)
            .Accepts<ScheduleOrderRequest>("application/json").Produces<ScheduledView>()
            .WithProblems(
                ProblemType.MalformedJson, ProblemType.InvalidParameter, ProblemType.ScheduledNotFound, ProblemType.ScheduledState, ProblemType.BodyTooLarge,
                ProblemType.UnsupportedMediaType, ProblemType.Validation);
    }

    private static async Task<IResult> ListAsync(HttpRequest request, ScheduleStore store, CommandCatalogue catalogue, OperationStore operations, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "cursor", "limit", "state", "kind", "tenant");
        var filter = new ScheduleFilter { States = query.Several<ScheduledState>("state"), Kind = query.Text("kind", 63) };
        if (query.Text("tenant") is { } tenant)
        {
            if (TenantId.TryParse(tenant, out var id))
                filter = filter with { TenantId = id };
            else
                query.AddError("tenant", "must be a tenant's id");
        }

        var kinds = catalogue.Entries.Select(e => e.Kind).Append(ReplayIntake.Kind).Order(StringComparer.Ordinal).ToList();
        if (filter.Kind is { } kind && !kinds.Contains(kind, StringComparer.Ordinal) && !await operations.HasKindAsync(kind, cancellationToken))
            query.AddError("kind", $"is not a kind of operation; there are {string.Join(", ", kinds)}");
        var (cursor, limit) = (query.Cursor(ScheduleStore.Sort), query.Limit());
        return query.Problem as IResult ?? TypedResults.Ok(PageView.Of(await store.ListAsync(filter, cursor, limit, cancellationToken), ScheduledView.Of));
    }

    private static Task<IResult> FindAsync(HttpRequest request, string id, ScheduleStore store, CancellationToken cancellationToken) => ResourceEndpoints.ShowAsync(
        request, id, async key => await store.FindAsync(key, cancellationToken) is { } command ? ScheduledView.Of(command) : null, NotFound);

    private static async Task<IResult> OrderAsync(
        HttpRequest request, string id, ClaimsPrincipal user, ScheduleOrder order, ScheduleStore store, CancellationToken cancellationToken)
    {
        if (new QueryReader(request).Problem is { } badQuery)
            return badQuery;
        var (document, badBody) = await JsonBody.ReadAsync(request, cancellationToken);
        if (document is null)
            return badBody!;
        using var body = document;
        if (CommandReader.Read<ScheduleOrderRequest>(body.RootElement, hasKey: false, out var errors) is not { } given)
            return new ProblemResult(ProblemType.Validation, CommandReader.Detail, [.. errors.Select(e => new ProblemError { Pointer = e.Pointer, Detail = e.Detail })]);
        if (ReasonText.Normalize(given.Reason) is not { } reason)
            return new ProblemResult(ProblemType.Validation, "The order breaks a rule: see errors.", [new() { Pointer = "/reason", Detail = ReasonText.Rule }]);
        if (!Guid.TryParseExact(id, "d", out var key))
            return NotFound();
        return await store.OrderAsync(key, order, user.Caller().ToString(), reason, cancellationToken) switch
        {
            null => NotFound(),
            ScheduleAnswer.Refused refused => new ProblemResult(ProblemType.ScheduledState, refused.Why),
            _ => await FindAsync(request, id, store, cancellationToken),
        };
    }

    private static ProblemResult NotFound() => new(ProblemType.ScheduledNotFound, "No scheduled command has this id. GET /api/v1/scheduled lists them.");
}
