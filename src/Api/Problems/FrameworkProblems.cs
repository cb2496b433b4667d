using Microsoft.AspNetCore.Http;
using Saga.Api.Requests;

namespace Saga.Api.Problems;

/// <summary>What the framework refused with a bare status, with the fix.</summary>
internal static class FrameworkProblems
{
    public static ProblemResult Of(HttpContext context) => Of(context.Response.StatusCode, context.Response.Headers.Allow.ToString());

    /// <param name="status">The status.</param>
    /// <param name="allowed">The methods that the address takes.</param>
    public static ProblemResult Of(int status, string allowed = "") => new(ProblemType.OfStatus(status), status switch
    {
        StatusCodes.Status404NotFound => "GET /openapi/v1.json describes every address.",
        StatusCodes.Status405MethodNotAllowed => $"It takes {allowed}.",
        StatusCodes.Status408RequestTimeout => "The body came too slowly, or not to its end.",
        StatusCodes.Status413PayloadTooLarge => $"At most {JsonBody.MaxBytes / 1024} KiB are taken.",
        StatusCodes.Status415UnsupportedMediaType => JsonBody.TypeRule,
        >= 400 and < 500 => "It is not well-formed HTTP.",
        _ => "The trace id finds the cause in the logs.",
    });
}
