using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.OpenApi;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tokens;
using Saga.Registry.DeadLetters;

namespace Saga.Api.DeadLetters;

/// <summary>Messages that could not be consumed. Not for viewers, because a message may contain data that they cannot see elsewhere.</summary>
internal static class DeadLetterEndpoints
{
    private const int MaxReason = 500;

    public static void MapDeadLetters(this IEndpointRouteBuilder api)
    {
        api.MapList<DeadLetterView>("/dead-letters", ListAsync, Policies.Operate, "listDeadLetters", "List messages that could not be consumed, newest first")
            .WithQueryParameter("queue", "The endpoint that could not consume them, such as saga-commands.")
            .WithQueryParameter("reason", "type-unknown, unreadable, operation-unreadable, no-consumer, failed or delivered-too-often.")
            .WithQueryParameter("state", "waiting or returned; both when absent.");
        api.MapOne<DeadLetterView>(
            "/dead-letters/{id}", FindAsync, Policies.Operate, "getDeadLetter", "Show a message that could not be consumed", ProblemType.DeadLetterNotFound);
        api.MapPost("/dead-letters/{id}/return", ReturnAsync).WithName("returnDeadLetter").RequireAuthorization(Policies.Operate)
            .WithSummary("Return a message that could not be consumed to its queue")
            .WithDescription("The message keeps its id, so it does not repeat changes it has already made.")
            .Accepts<ReturnRequest>("application/json")
            .Produces<DeadLetterView>(StatusCodes.Status202Accepted)
            .WithProblems(
                ProblemType.MalformedJson, ProblemType.InvalidParameter, ProblemType.DeadLetterNotFound, ProblemType.DeadLetterReturned, ProblemType.DeadLetterNotReturnable,
                ProblemType.BodyTooLarge, ProblemType.UnsupportedMediaType, ProblemType.Validation);
    }

    private static async Task<IResult> ListAsync(HttpRequest request, DeadLetterStore letters, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "cursor", "limit", "queue", "reason", "state");
        var filter = new DeadLetterFilter { Queue = query.Text("queue", 200), Reason = query.Text("reason", 63), Waiting = query.OneOf("state", ["waiting", "returned"]) is { } state ? state == "waiting" : null };
        var (cursor, limit) = (query.Cursor(DeadLetterStore.Sort), query.Limit());
        return query.Problem as IResult ?? TypedResults.Ok(PageView.Of(await letters.ListAsync(filter, cursor, limit, cancellationToken), DeadLetterView.Of));
    }

    private static Task<IResult> FindAsync(HttpRequest request, string id, DeadLetterStore letters, CancellationToken cancellationToken) => ResourceEndpoints.ShowAsync(
        request, id, async key => await letters.FindAsync(key, cancellationToken) is { } letter ? DeadLetterView.Of(letter) : null, NotFound);

    private static async Task<IResult> ReturnAsync(HttpRequest request, string id, ClaimsPrincipal user, DeadLetterStore letters, CancellationToken cancellationToken)
    {
        if (new QueryReader(request).Problem is { } badQuery)
            return badQuery;
        var (document, badBody) = await JsonBody.ReadAsync(request, cancellationToken);
        if (document is null)
            return badBody!;
        using var body = document;
        if (Reason(body.RootElement, out var errors) is not { } reason)
            return new ProblemResult(ProblemType.Validation, "Fields are unknown, missing or of the wrong type: see errors.", errors);
        if (!Guid.TryParseExact(id, "d", out var key))
            return NotFound();
        return await letters.ReturnAsync(key, user.Caller().ToString(), reason, cancellationToken) switch
        {
            DeadLetterReturn.Returned when await letters.FindAsync(key, cancellationToken) is { } letter => TypedResults.Accepted($"/api/v1/dead-letters/{key}", DeadLetterView.Of(letter)),
            DeadLetterReturn.AlreadyReturned => new ProblemResult(ProblemType.DeadLetterReturned, "It is already back in its queue. If it cannot be consumed again, it reappears here."),
            DeadLetterReturn.NotReturnable => new ProblemResult(ProblemType.DeadLetterNotReturnable, "It names no type or is not JSON. Have its sender send it again, as a message of the contracts."),
            _ => NotFound(),
        };
    }

    private static string? Reason(JsonElement body, out IReadOnlyList<ProblemError> errors)
    {
        var found = new List<ProblemError>();
        string? reason = null;
        foreach (var field in body.EnumerateObject())
        {
            if (field.Name != "reason")
                found.Add(new() { Pointer = $"/{field.Name}", Detail = "is not a field; there is reason" });
            else if (field.Value.ValueKind == JsonValueKind.String)
                reason = field.Value.GetString()?.Trim();
        }

        if (reason is not { Length: > 0 and <= MaxReason } || reason.Contains('\0', StringComparison.Ordinal))
            found.Add(new() { Pointer = "/reason", Detail = $"must be a string of 1 to {MaxReason} characters" });
        errors = found;
        return found.Count == 0 ? reason : null;
    }

    private static ProblemResult NotFound() => new(ProblemType.DeadLetterNotFound, "No dead letter has this id. GET /api/v1/dead-letters lists them.");
}
