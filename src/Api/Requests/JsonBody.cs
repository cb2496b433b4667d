using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Saga.Api.Problems;

namespace Saga.Api.Requests;

/// <summary>Reads a body that must be one JSON object in UTF-8, with a bound that holds whatever the server's is.</summary>
internal static class JsonBody
{
    public const int MaxBytes = 64 * 1024;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    /// <returns>The document, or the answer that says what is wrong.</returns>
    public static async Task<(JsonDocument? Document, ProblemResult? Problem)> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || type.MediaType != "application/json"
            || (type.Charset.HasValue && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
            return (null, new(ProblemType.UnsupportedMediaType, "Send Content-Type: application/json, in UTF-8."));
        var tooLarge = new ProblemResult(ProblemType.BodyTooLarge, $"At most {MaxBytes / 1024} KiB are taken.");
        if (request.ContentLength > MaxBytes)
            return (null, tooLarge);

        var buffer = new byte[MaxBytes + 1];
        var length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);
        if (length > MaxBytes)
            return (null, tooLarge);
        var bytes = buffer.AsMemory(0, length);
        if (!Utf8.IsValid(bytes.Span))
            return (null, new(ProblemType.MalformedJson, "The body is not UTF-8."));
        try
        {
            var document = JsonDocument.Parse(bytes, Strict);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return (document, null);
            document.Dispose();
            return (null, new(ProblemType.MalformedJson, "The body must be a JSON object."));
        }
        catch (JsonException e)
        {
            return (null, new(ProblemType.MalformedJson, e.LineNumber is { } line
                ? $"Line {line + 1}, byte {e.BytePositionInLine + 1}: not well-formed."
                : "Not well-formed: a member is named twice."));
        }
        catch (InvalidOperationException)
        {
            return (null, new(ProblemType.MalformedJson, "A member's name holds half of a Unicode character."));
        }
    }
}
