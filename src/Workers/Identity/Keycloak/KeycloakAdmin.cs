using Microsoft.Extensions.Options;
using Saga.Contracts;
using Saga.Workers.Runtime;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Saga.Workers.Identity.Keycloak;

/// <summary>
/// Calls of the realm's admin API with the service account's token. Answers below 500 come back for the caller to judge,
/// except 401 and 403. GET, PUT and DELETE are repeated after an outage; POST never is. Thread-safe.
/// </summary>
internal sealed class KeycloakAdmin(KeycloakWire wire, KeycloakTokens tokens, IOptions<KeycloakOptions> options)
{
    private readonly string root = $"admin/realms/{Uri.EscapeDataString(options.Value.Realm!)}/";

    public Task<KeycloakAnswer> GetAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, null, mayRepeat: true, cancellationToken);

    public Task<KeycloakAnswer> PostAsync(string path, object body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, JsonSerializer.Serialize(body, Json.Options), mayRepeat: false, cancellationToken);

    /// <summary>Posts the text as it is.</summary>
    public Task<KeycloakAnswer> PostTextAsync(string path, string text, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, text, mayRepeat: false, cancellationToken);

    public Task<KeycloakAnswer> PutAsync(string path, object body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Put, path, JsonSerializer.Serialize(body, Json.Options), mayRepeat: true, cancellationToken);

    /// <summary>For a PUT that does something each time, such as mailing.</summary>
    public Task<KeycloakAnswer> PutOnceAsync(string path, object body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Put, path, JsonSerializer.Serialize(body, Json.Options), mayRepeat: false, cancellationToken);

    public Task<KeycloakAnswer> DeleteAsync(string path, CancellationToken cancellationToken, object? body = null) =>
        SendAsync(HttpMethod.Delete, path, body is null ? null : JsonSerializer.Serialize(body, Json.Options), mayRepeat: true, cancellationToken);

    /// <summary>The method and path for people: identifiers stay, the query (it may hold an address) does not.</summary>
    public static string Describe(string method, string path) => $"{method} {path.Split('?')[0]}";

    /// <exception cref="StepFailureException">The answer is not what the API promises.</exception>
    public static T Read<T>(KeycloakAnswer answer, string call)
    {
        if (!answer.Succeeded)
            throw KeycloakFailures.Rejected(call, answer);
        try
        {
            return answer.Read<T>();
        }
        catch (JsonException e)
        {
            throw StepFailureException.Permanent(KeycloakFailures.Unintelligible, $"Keycloak answered {call} with what the client cannot read: {e.Message}",
                $"Check that {KeycloakOptions.Section}:BaseUrl leads to Keycloak 26.", KeycloakFailures.System, e);
        }
    }

    private async Task<KeycloakAnswer> SendAsync(HttpMethod method, string path, string? body, bool mayRepeat, CancellationToken cancellationToken)
    {
        var call = Describe(method.Method, path);
        var changes = method != HttpMethod.Get;
        var token = await tokens.GetAsync(cancellationToken);
        var answer = await wire.SendAsync(call, () => Request(method, path, body, token), mayRepeat, changes, cancellationToken);
        if (answer.Status == HttpStatusCode.Unauthorized)
        {
            // Nothing was done: a token expires early when sessions are revoked or keys rotated. Once more with a fresh one.
            tokens.Refused(token);
            token = await tokens.GetAsync(cancellationToken);
            answer = await wire.SendAsync(call, () => Request(method, path, body, token), mayRepeat, changes, cancellationToken);
        }

        return answer.Status switch
        {
            HttpStatusCode.Unauthorized => throw KeycloakFailures.TokenRefused(call),
            HttpStatusCode.Forbidden => throw KeycloakFailures.MissingRole(call, answer),
            _ => answer,
        };
    }

    private HttpRequestMessage Request(HttpMethod method, string path, string? body, string token) => new(method, root + path)
    {
        Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
        Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
    };
}
