using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Saga.Api.OpenApi;
using Saga.Api.Operations;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Scheduled;
using Saga.Api.Tokens;
using Saga.Lifecycle.Intake;

namespace Saga.Api.Commands;

/// <summary>Common parts of every endpoint that takes a command.</summary>
internal static class CommandEndpoints
{
    public const string IdempotencyKey = "Idempotency-Key";

    public const string DryRun = "dryRun";

    public const string RunAt = "runAt";

    public const string ExpiresAt = "expiresAt";

    public const string NeedsApproval = "needsApproval";

    /// <summary>The idempotency key of a request; null when it has none. One that breaks the rule is an error of the query.</summary>
    public static string? KeyOf(HttpRequest request, QueryReader query)
    {
        if (!request.Headers.TryGetValue(IdempotencyKey, out var keys))
            return null;
        if (keys is [{ } key] && IdempotencyKeys.IsValid(key))
            return key;
        query.AddError(IdempotencyKey, $"must be given once: {IdempotencyKeys.Rule}");
        return null;
    }

    /// <typeparam name="TBody">The body, for the OpenAPI document.</typeparam>
    /// <typeparam name="TPreview">The response to a dry run.</typeparam>
    /// <param name="endpoint">The endpoint; a <see cref="CommandDoor{TCommand}"/> answers it.</param>
    /// <param name="rejections">Reasons for refusing this command, in addition to those that apply to every command.</param>
    public static RouteHandlerBuilder TakesCommand<TBody, TPreview>(this RouteHandlerBuilder endpoint, params ReadOnlySpan<ProblemType> rejections)
        where TBody : notnull => endpoint.TakesCommandOf<TBody, TPreview>(Policies.Write, rejections);

    /// <summary>The same for a command that other callers may give, too.</summary>
    public static RouteHandlerBuilder TakesCommandOf<TBody, TPreview>(this RouteHandlerBuilder endpoint, string policy, params ReadOnlySpan<ProblemType> rejections)
        where TBody : notnull => endpoint
        .RequireAuthorization(policy)
        .Accepts<TBody>("application/json")
        .WithHeaderParameter(IdempotencyKey, "1 to 200 visible ASCII characters; the same key and body give the same operation.")
        .WithQueryParameter(DryRun, "true: show the steps that would run and any rejection, and write nothing.", "boolean")
        .Produces<OperationView>(StatusCodes.Status202Accepted).Produces<TPreview>()
        .WithResponseHeader(StatusCodes.Status202Accepted, "Location", "The operation's address.")
        .MayWait()
        .WithProblems([
            ProblemType.MalformedJson, ProblemType.InvalidParameter, .. rejections, ProblemType.OperationActive, ProblemType.BodyTooLarge,
            ProblemType.UnsupportedMediaType, ProblemType.Validation, ProblemType.IdempotencyKeyReused, ProblemType.StepNotHosted, ProblemType.EngineTooOld]);

    /// <summary>The same for a command that is given by the address alone.</summary>
    public static RouteHandlerBuilder TakesCommandWithoutBody<TPreview>(this RouteHandlerBuilder endpoint, params ReadOnlySpan<ProblemType> rejections) => endpoint
        .RequireAuthorization(Policies.Write)
        .WithHeaderParameter(IdempotencyKey, "1 to 200 visible ASCII characters; the same key and address give the same operation.")
        .WithQueryParameter(DryRun, "true: show the steps that would run and any rejection, and write nothing.", "boolean")
        .Produces<OperationView>(StatusCodes.Status202Accepted).Produces<TPreview>()
        .WithResponseHeader(StatusCodes.Status202Accepted, "Location", "The operation's address.")
        .MayWait()
        .WithProblems([
            ProblemType.InvalidParameter, .. rejections, ProblemType.OperationActive, ProblemType.Validation, ProblemType.IdempotencyKeyReused, ProblemType.StepNotHosted,
            ProblemType.EngineTooOld]);

    /// <summary>For a command whose plan allows it to be scheduled.</summary>
    public static RouteHandlerBuilder MayBeScheduled(this RouteHandlerBuilder endpoint) => endpoint
        .WithQueryParameter(RunAt, "Run it at this time instead of now. It is validated again then. The response is 201 with the scheduled command.")
        .WithQueryParameter(ExpiresAt, "With runAt: when the command is refused if it could not begin until then; a day after runAt when absent.")
        .WithQueryParameter(NeedsApproval, "With runAt: true if somebody else must approve the command before it runs. One that nobody approved until it expires is refused.", "boolean");

    /// <summary>For a command that the configuration may let wait for a second person's approval.</summary>
    public static RouteHandlerBuilder MayWait(this RouteHandlerBuilder endpoint) => endpoint
        .Produces<ScheduledView>(StatusCodes.Status201Created).WithResponseHeader(StatusCodes.Status201Created, "Location", "The address of the scheduled command, which waits for its time or for a second person's approval.");
}
