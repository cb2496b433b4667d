using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.OpenApi;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tokens;
using Saga.Contracts.Commands;
using Saga.Engine.Waits;
using Saga.Lifecycle.Intake;
using Saga.Registry.Waits;

namespace Saga.Api.Operations;

/// <summary>Answers to steps that wait. The same answer by the same caller is accepted again, so that a caller without a reply may repeat it.</summary>
internal static class WaitEndpoints
{
    public static void MapWaits(this IEndpointRouteBuilder api)
    {
        Describe<ApprovalRequest>(
            api.MapPost("/operations/{id}/approve", ApproveAsync), "approveOperation", "Approve a step that waits", "The operation goes on.");
        Describe<ApprovalRequest>(
            api.MapPost("/operations/{id}/reject", RejectAsync), "rejectOperation", "Reject a step that waits",
            "The step fails permanently: the operation is compensated, or stalls after its pivot.");
        Describe<SignalRequest>(
            api.MapPost("/operations/{id}/signals/{name}", SignalAsync), "signalOperation", "Send a signal to an operation",
            "A signal that comes before its step waits is kept.");
        Describe<EndWaitRequest>(
            api.MapPost("/operations/{id}/waits/{step}/end", EndAsync), "endWait", "End the wait of a step early",
            "As if its time were over or its signal had come. An approval cannot be skipped this way.");
    }

    private static void Describe<TBody>(RouteHandlerBuilder endpoint, string name, string summary, string description)
        where TBody : notnull => endpoint
        .WithName(name).RequireAuthorization(Policies.Operate).WithSummary(summary).WithDescription(description)
        .Accepts<TBody>("application/json").Produces<OperationView>(StatusCodes.Status202Accepted)
        .WithProblems(
            ProblemType.MalformedJson, ProblemType.InvalidParameter, ProblemType.OperationNotFound, ProblemType.NothingWaits, ProblemType.BodyTooLarge,
            ProblemType.UnsupportedMediaType, ProblemType.Validation);

    private static Task<IResult> ApproveAsync(HttpRequest request, string id, ClaimsPrincipal user, IWaitStore waits, OperationReader operations, CancellationToken cancellationToken) =>
        AnswerAsync<ApprovalRequest>(request, id, (body, errors) => Approval(body, WaitAnswerKind.Approved, user, errors), waits, operations, cancellationToken);

    private static Task<IResult> RejectAsync(HttpRequest request, string id, ClaimsPrincipal user, IWaitStore waits, OperationReader operations, CancellationToken cancellationToken) =>
        AnswerAsync<ApprovalRequest>(request, id, (body, errors) => Approval(body, WaitAnswerKind.Rejected, user, errors), waits, operations, cancellationToken);

    private static Task<IResult> SignalAsync(
        HttpRequest request, string id, string name, ClaimsPrincipal user, IWaitStore waits, OperationReader operations, CancellationToken cancellationToken) =>
        AnswerAsync<SignalRequest>(
            request, id,
            (body, errors) =>
            {
                if (body.Data is { } data && !StorableText.IsStorable(data))
                    errors.Add(new("/data", "must be JSON without NUL, lone surrogates and escaped names"));
                return Of(WaitAnswerKind.Signalled, user, ReasonRule.Check(body.Reason, required: false, errors), body.Data) with { Signal = name };
            },
            waits, operations, cancellationToken);

    private static Task<IResult> EndAsync(
        HttpRequest request, string id, string step, ClaimsPrincipal user, IWaitStore waits, OperationReader operations, CancellationToken cancellationToken) =>
        AnswerAsync<EndWaitRequest>(
            request, id, (body, errors) => Of(WaitAnswerKind.Ended, user, ReasonRule.Check(body.Reason, required: true, errors)) with { Step = step },
            waits, operations, cancellationToken);

    private static WaitRequest Approval(ApprovalRequest body, WaitAnswerKind kind, ClaimsPrincipal user, List<FieldError> errors) =>
        Of(kind, user, ReasonRule.Check(body.Reason, required: true, errors)) with { Step = body.Step };

    private static WaitRequest Of(WaitAnswerKind kind, ClaimsPrincipal user, string? reason, JsonElement? data = null) =>
        new() { Answer = new() { Kind = kind, By = user.Caller().ToString(), Reason = reason, Data = data?.Clone(), At = default } };

    private static async Task<IResult> AnswerAsync<TBody>(
        HttpRequest request, string id, Func<TBody, List<FieldError>, WaitRequest> read, IWaitStore waits, OperationReader operations, CancellationToken cancellationToken)
        where TBody : class
    {
        if (new QueryReader(request).Problem is { } badQuery)
            return badQuery;
        var (document, badBody) = await JsonBody.ReadAsync(request, cancellationToken);
        if (document is null)
            return badBody!;
        using var body = document;
        var found = new List<FieldError>();
        if (CommandReader.Read<TBody>(body.RootElement, hasKey: false, out var errors) is not { } given)
            return Wrong(errors);
        var answer = read(given, found);
        if (found.Count > 0)
            return Wrong(found);
        if (!Guid.TryParseExact(id, "d", out var key))
            return OperationEndpoints.NotFound(id);
        return await waits.AnswerAsync(key, answer, cancellationToken) switch
        {
            null => OperationEndpoints.NotFound(id),
            WaitMatch.Unmatched unmatched => new ProblemResult(ProblemType.NothingWaits, unmatched.Why),
            _ => TypedResults.Accepted(OperationEndpoints.Address(key), await operations.FindAsync(key, cancellationToken)),
        };
    }

    internal static ProblemResult Wrong(IReadOnlyList<FieldError> errors) =>
        new(ProblemType.Validation, "Fields are unknown, missing or break a rule: see errors.", [.. errors.Select(e => new ProblemError { Pointer = e.Pointer, Detail = e.Detail })]);
}
