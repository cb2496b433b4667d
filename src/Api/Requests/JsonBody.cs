using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Saga.Api.Problems;
using Saga.Lifecycle.Intake;

namespace Saga.Api.Requests;

/// <summary>Reads a body that must be one JSON object in UTF-8. Its size limit applies regardless of the server's limit.</summary>
internal static class JsonBody
{
    public const int MaxBytes = CommandJson.MaxBytes;

    /// <summary>The type of a JSON merge patch, which PATCH also accepts.</summary>
    public const string MergePatch = "application/merge-patch+json";

    /// <summary>What to send.</summary>
    public const string TypeRule = "Send Content-Type: application/json, in UTF-8.";

    /// <returns>The document, or the problem response.</returns>
    public static async Task<(JsonDocument? Document, ProblemResult? Problem)> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!IsJson(request.ContentType, HttpMethods.IsPatch(request.Method)))
            return (null, new(ProblemType.UnsupportedMediaType, TypeRule));
        if (request.Headers.ContentEncoding is { Count: > 0 } encodings && !encodings.All(e => string.Equals(e, "identity", StringComparison.OrdinalIgnoreCase)))
        {
            // Lets a client distinguish this from an unsupported media type (RFC 9110, 15.5.16).
            request.HttpContext.Response.Headers.AcceptEncoding = "identity";
            return (null, new(ProblemType.UnsupportedMediaType, "Send the body uncompressed, without Content-Encoding."));
        }

        var tooLarge = new ProblemResult(ProblemType.BodyTooLarge, $"At most {MaxBytes / 1024} KiB are accepted.");
        if (request.ContentLength > MaxBytes)
            return (null, tooLarge);

        var buffer = new byte[MaxBytes + 1];
        var length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        if (length > MaxBytes)
            return (null, tooLarge);
        var bytes = buffer.AsMemory(0, length);
        return CommandJson.TryParse(bytes, out var document, out var error) ? (document, null) : (null, new(ProblemType.MalformedJson, error));
    }

    private static bool IsJson(string? contentType, bool isPatch) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) || (isPatch && type.MediaType.Equals(MergePatch, StringComparison.OrdinalIgnoreCase)))
        && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));
}
