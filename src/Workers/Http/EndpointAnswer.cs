using System.Text.Json;

namespace Saga.Workers.Http;

/// <summary>What an endpoint answered.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Location">The header, which may be relative.</param>
/// <param name="RetryAfter">When the endpoint wants to be asked again; null when it does not say so.</param>
/// <param name="ContentType">The media type, in lower case; empty when there is none.</param>
/// <param name="Body">The body; null when it was too large.</param>
internal sealed record EndpointAnswer(int Status, Uri? Location, TimeSpan? RetryAfter, string ContentType, ReadOnlyMemory<byte>? Body)
{
    public bool IsJson => ContentType == "application/json" || ContentType.EndsWith("+json", StringComparison.Ordinal);

    /// <summary>The body as a JSON object; null when it is none.</summary>
    public JsonElement? Read()
    {
        try
        {
            return IsJson && Body is { Length: > 0 } body && JsonElement.Parse(body.Span) is { ValueKind: JsonValueKind.Object } found ? found : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
