using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Saga.Api.Operations;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Scheduled;
using Saga.Api.Tokens;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Schedule;

namespace Saga.Api.Commands;

/// <summary>Connects HTTP to the intake, in the same way for every command: query, idempotency key, body, dry run, time and response.</summary>
internal sealed class CommandDoor<TCommand>(ICommandIntake<TCommand> intake, OperationReader operations, Scheduler<TCommand> scheduler)
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
        if (ReadOptions(request, out var options) is { } badQuery)
            return badQuery;
        var (document, badBody) = await JsonBody.ReadAsync(request, cancellationToken);
        if (document is null)
            return badBody!;
        using var body = document;
        if (read(body.RootElement, options.Key, out var errors) is { } command)
            return await RunAsync(command, options, user, show, cancellationToken);
        var rejection = new OperationRejected { Code = RejectionCodes.Validation, Detail = CommandReader.Detail, Errors = errors };
        return Rejected(options.DryRun ? rejection : (await intake.RejectAsync(rejection, user.Caller(), cancellationToken)).Rejection);
    }

    /// <summary>The same for a command that is given by the address alone. A body is not read.</summary>
    /// <param name="request">The request.</param>
    /// <param name="user">The caller.</param>
    /// <param name="make">Makes the command with the idempotency key.</param>
    /// <param name="show">Builds the response to a dry run.</param>
    /// <param name="cancellationToken">Cancelled when the caller disconnects.</param>
    public async Task<IResult> TakeWithoutBodyAsync(
        HttpRequest request, ClaimsPrincipal user, Func<string?, TCommand> make, Func<CommandPreview, IResult> show, CancellationToken cancellationToken) =>
        ReadOptions(request, out var options) as IResult ?? await RunAsync(make(options.Key), options, user, show, cancellationToken);

    private ProblemResult? ReadOptions(HttpRequest request, out DoorOptions options)
    {
        var query = scheduler.Scheduling is null
            ? new QueryReader(request, CommandEndpoints.DryRun)
            : new QueryReader(request, CommandEndpoints.DryRun, CommandEndpoints.RunAt, CommandEndpoints.ExpiresAt, CommandEndpoints.NeedsApproval);
        var (runAt, expiresAt) = (query.Time(CommandEndpoints.RunAt), query.Time(CommandEndpoints.ExpiresAt));
        if (expiresAt is not null && !request.Query.ContainsKey(CommandEndpoints.RunAt))
            query.AddError(CommandEndpoints.ExpiresAt, $"needs {CommandEndpoints.RunAt}");
        var needsApproval = query.Flag(CommandEndpoints.NeedsApproval);
        if (needsApproval && !request.Query.ContainsKey(CommandEndpoints.RunAt))
            query.AddError(CommandEndpoints.NeedsApproval, $"needs {CommandEndpoints.RunAt}, because the command runs after its approval");
        var dryRun = query.Flag(CommandEndpoints.DryRun);
        options = new(CommandEndpoints.KeyOf(request, query), dryRun, runAt, expiresAt, needsApproval);
        return query.Problem;
    }

    private async Task<IResult> RunAsync(TCommand command, DoorOptions options, ClaimsPrincipal user, Func<CommandPreview, IResult> show, CancellationToken cancellationToken)
    {
        if (options.DryRun)
            return show(await intake.PlanAsync(command, cancellationToken));

        if (options.RunAt is { } at)
            return Scheduled(await scheduler.ScheduleAsync(command, user.Caller(), at, options.ExpiresAt, options.NeedsApproval, cancellationToken));
        if (await scheduler.AwaitApprovalAsync(command, user.Caller(), cancellationToken) is { } waits)
            return Scheduled(waits);

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

    private static IResult Scheduled(ScheduleOutcome outcome) => outcome switch
    {
        ScheduleOutcome.Scheduled { Command: var scheduled } => TypedResults.Created(ScheduledEndpoints.Address(scheduled.Id), ScheduledView.Of(scheduled)),
        ScheduleOutcome.Refused { Rejection: var refused } => Rejected(refused),
        var other => throw new InvalidOperationException($"The scheduler answered with {other}."),
    };

    private readonly record struct DoorOptions(string? Key, bool DryRun, DateTimeOffset? RunAt, DateTimeOffset? ExpiresAt, bool NeedsApproval);

    private static ProblemResult Rejected(OperationRejected rejection) => new(
        ProblemType.OfRejection(rejection.Code), rejection.Detail,
        [.. rejection.Errors.Select(Error)],
        rejection.OperationId is { } active ? OperationEndpoints.Address(active) : null,
        rejection.Code is RejectionCodes.StepNotHosted or RejectionCodes.EngineTooOld ? ExceptionProblems.RetryAfterSeconds : null);

    private static ProblemError Error(FieldError error) => error.Pointer is "/" + CommandEndpoints.RunAt or "/" + CommandEndpoints.ExpiresAt
        ? new() { Parameter = error.Pointer[1..], Detail = error.Detail }
        : new() { Pointer = error.Pointer, Detail = error.Detail };
}

/// <summary>Reads a body as a command. The intake validates its values.</summary>
internal delegate TCommand? CommandReader<out TCommand>(JsonElement body, string? idempotencyKey, out IReadOnlyList<FieldError> errors)
    where TCommand : class;
