using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Saga.Api.Operations;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tokens;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;

namespace Saga.Api.Commands;

/// <summary>Connects HTTP to the intake, in the same way for every command: query, idempotency key, body, dry run and response.</summary>
internal sealed class CommandDoor<TCommand>(ICommandIntake<TCommand> intake, OperationReader operations)
    where TCommand : class
{
    /// <param name="request">The request.</param>
    /// <param name="user">The caller.</param>
    /// <param name="read">Reads the body as a command with the idempotency key; returns null when fields are unknown or of the wrong type.</param>
    /// <param name="show">Builds the response to a dry run.</param>
    /// <param name="cancellationToken">Cancelled when the caller disconnects.</param>
    public async Task<IResult> TakeAsync(
        HttpRequest request, ClaimsPrincipal user, CommandReader<TCommand> read, Func<CommandPreview, IResult> show, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, CommandEndpoints.DryRun);
        var dryRun = query.Flag(CommandEndpoints.DryRun);
        string? key = null;
        if (request.Headers.TryGetValue(CommandEndpoints.IdempotencyKey, out var keys) && !(keys is [{ } given] && IdempotencyKeys.IsValid(key = given)))
            query.AddError(CommandEndpoints.IdempotencyKey, $"must be given once: {IdempotencyKeys.Rule}");
        if (query.Problem is { } badQuery)
            return badQuery;
        var (document, badBody) = await JsonBody.ReadAsync(request, cancellationToken);
        if (document is null)
            return badBody!;
        using var body = document;
        if (read(body.RootElement, key, out var errors) is not { } command)
        {
            var rejection = new OperationRejected { Code = RejectionCodes.Validation, Detail = CommandReader.Detail, Errors = errors };
            return Rejected(dryRun ? rejection : (await intake.RejectAsync(rejection, user.Caller(), cancellationToken)).Rejection);
        }

        if (dryRun)
            return show(await intake.PlanAsync(command, cancellationToken));

        switch (await intake.SubmitAsync(command, user.Caller(), cancellationToken))
        {
            case CommandAccepted accepted:
                // From here on the command is durable, so a failure to read it back must not look like a rejection.
                return TypedResults.Accepted(OperationEndpoints.Address(accepted.OperationId), await operations.ShowAsync(accepted, cancellationToken));
            case CommandRejected { Rejection: var rejection }:
                return Rejected(rejection);
            case var other:
                throw new InvalidOperationException($"The intake answered with {other}.");
        }
    }

    private static ProblemResult Rejected(OperationRejected rejection) => new(
        ProblemType.OfRejection(rejection.Code), rejection.Detail,
        [.. rejection.Errors.Select(e => new ProblemError { Pointer = e.Pointer, Detail = e.Detail })],
        rejection.OperationId is { } active ? OperationEndpoints.Address(active) : null,
        rejection.Code is RejectionCodes.StepNotHosted or RejectionCodes.EngineTooOld ? ExceptionProblems.RetryAfterSeconds : null);
}

/// <summary>Reads a body as a command. The intake validates its values.</summary>
internal delegate TCommand? CommandReader<out TCommand>(JsonElement body, string? idempotencyKey, out IReadOnlyList<FieldError> errors)
    where TCommand : class;
