using Saga.Contracts;
using Saga.Contracts.Failures;
using System.Net;
using System.Text.Json;

namespace Saga.Workers.Identity.Keycloak;

/// <summary>An answer read to its end.</summary>
internal sealed record KeycloakAnswer(HttpStatusCode Status, string Body, string? Location, TimeSpan? RetryAfter)
{
    private const int LongestText = 300;

    public bool Succeeded => (int)Status is >= 200 and < 300;

    public FailureKind Kind => FailureKinds.OfHttpStatus((int)Status, RetryAfter is not null);

    /// <summary>The server, or what stands before it, could not do it now.</summary>
    public bool Unavailable => !Succeeded && ((int)Status >= 500 || Kind != FailureKind.Permanent);

    /// <summary>Keycloak's words for an error, in whichever of its two shapes; for people, never to branch on.</summary>
    public string ErrorText
    {
        get
        {
            var text = Parse();
            return text.Length <= LongestText ? text : text[..LongestText] + "…";
        }
    }

    /// <exception cref="JsonException">The answer is not what the API promises.</exception>
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
            // A proxy's page: its status says enough.
        }

        return "no explanation";
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
