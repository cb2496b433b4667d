using Microsoft.AspNetCore.Http;
using Saga.Api.Requests;

namespace Saga.Api.Problems;

/// <summary>Adds a description and a fix where the framework refused a request with a bare status.</summary>
internal static class FrameworkProblems
{
    public static ProblemResult Of(HttpContext context) => Of(context.Response.StatusCode, context.Response.Headers.Allow.ToString());

    /// <param name="status">The status.</param>
    /// <param name="allowed">The methods that the address supports.</param>
    public static ProblemResult Of(int status, string allowed = "") => new(ProblemType.OfStatus(status), status switch
    {
        StatusCodes.Status404NotFound => "GET /openapi/v1.json describes every address.",
        StatusCodes.Status405MethodNotAllowed => $"Use {allowed}.",
        StatusCodes.Status408RequestTimeout => "The body arrived too slowly or was incomplete.",
        StatusCodes.Status413PayloadTooLarge => $"At most {JsonBody.MaxBytes / 1024} KiB are accepted.",
        StatusCodes.Status415UnsupportedMediaType => JsonBody.TypeRule,
        >= 400 and < 500 => "The request is not well-formed HTTP.",
        _ => "Search the logs for the trace id to find the cause.",
    });
}
