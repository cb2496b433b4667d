using Saga.Contracts;
using Saga.Contracts.Failures;
using System.Net;
using System.Text.Json;

namespace Saga.Workers.Identity.Keycloak;

/// <summary>A fully read response.</summary>
internal sealed record KeycloakAnswer(HttpStatusCode Status, string Body, string? Location, TimeSpan? RetryAfter)
{
    private const int LongestText = 300;

    public bool Succeeded => (int)Status is >= 200 and < 300;

    public FailureKind Kind => FailureKinds.OfHttpStatus((int)Status, RetryAfter is not null);

    /// <summary>The server, or a proxy in front of it, could not handle the call now.</summary>
    public bool Unavailable => !Succeeded && ((int)Status >= 500 || Kind != FailureKind.Permanent);

    /// <summary>Keycloak's error text, in either of its two formats. For people only: never branch on it.</summary>
    public string ErrorText
    {
        get
        {
            var text = Parse();
            return text.Length <= LongestText ? text : text[..LongestText] + "…";
        }
    }

    /// <exception cref="JsonException">The response does not match the API's contract.</exception>
    public T Read<T>() => JsonSerializer.Deserialize<T>(Body, Json.Options) ?? throw new JsonException("null");

    private string Parse()
    {
        try
        {
            using var document = JsonDocument.Parse(Body);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                string?[] parts = [Text(document.RootElement, "errorMessage"), Text(document.RootElement, "error"), Text(document.RootElement, "error_description")];
                if (string.Join(": ", parts.Where(p => p is not null)) is { Length: > 0 } said)
                    return said;
            }
        }
        catch (JsonException)
        {
            // A proxy's error page; its status is enough.
        }

        return "no explanation";
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
