using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.Commands;
using Saga.Api.OpenApi;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tokens;
using Saga.Lifecycle.Intake;
using Saga.Registry.Operations;

namespace Saga.Api.Operations;

/// <summary>Notes that operators write on operations.</summary>
internal static class NoteEndpoints
{
    public const int MaxLength = 2000;

    private static readonly string Rule = string.Create(CultureInfo.InvariantCulture, $"must be a string of 1 to {MaxLength} characters on one line, without control characters");

    public static void MapNotes(this IEndpointRouteBuilder api) => api
        .MapPost("/operations/{id}/note", NoteAsync).WithName("noteOperation").RequireAuthorization(Policies.Operate)
        .WithSummary("Write a note on an operation")
        .WithDescription("In any state, also after its end. It changes nothing but the operation's version.")
        .Accepts<NoteRequest>("application/json")
        .WithHeaderParameter(CommandEndpoints.IdempotencyKey, "The same key and text write one note.")
        .Produces<OperationView>()
        .WithProblems(
            ProblemType.MalformedJson, ProblemType.InvalidParameter, ProblemType.OperationNotFound, ProblemType.NotesFull, ProblemType.BodyTooLarge, ProblemType.UnsupportedMediaType,
            ProblemType.Validation, ProblemType.IdempotencyKeyReused);

    private static async Task<IResult> NoteAsync(
        HttpRequest request, string id, ClaimsPrincipal user, NoteStore notes, OperationReader operations, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request);
        var key = CommandEndpoints.KeyOf(request, query);
        if (query.Problem is { } badQuery)
            return badQuery;
        var (document, badBody) = await JsonBody.ReadAsync(request, cancellationToken);
        if (document is null)
            return badBody!;
        using var body = document;
        if (CommandReader.Read<NoteRequest>(body.RootElement, hasKey: false, out var errors) is not { } given)
            return WaitEndpoints.Wrong(errors);
        if (Normalize(given.Text) is not { } text)
            return WaitEndpoints.Wrong([new("/text", Rule)]);
        if (!Guid.TryParseExact(id, "d", out var operation))
            return OperationEndpoints.NotFound(id);
        return await notes.WriteAsync(operation, user.Caller().ToString(), text, key, cancellationToken) switch
        {
            null => OperationEndpoints.NotFound(id),
            NoteResult.KeyReused => new ProblemResult(ProblemType.IdempotencyKeyReused, "The idempotency key was used for another note on this operation. Use a new key for each note."),
            NoteResult.Full => new ProblemResult(ProblemType.NotesFull, string.Create(CultureInfo.InvariantCulture, $"The operation has {NoteStore.Most} notes, and takes no more. Nothing was written.")),
            _ => TypedResults.Ok(await operations.FindAsync(operation, cancellationToken)),
        };
    }

    // A reader of JSON accepts null, whatever the type says.
    private static string? Normalize(string? text) =>
        text?.Trim() is { Length: > 0 } note && note.EnumerateRunes().Count() <= MaxLength && StorableText.IsOneLine(note) ? note : null;
}
