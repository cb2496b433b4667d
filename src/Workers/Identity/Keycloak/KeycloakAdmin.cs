using Microsoft.Extensions.Options;
using Saga.Contracts;
using Saga.Workers.Runtime;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Saga.Workers.Identity.Keycloak;

/// <summary>
/// Calls the realm's admin API with the service account's token. The caller handles responses below 500, except 401 and 403. GET,
/// PUT and DELETE are retried after an outage; POST only where it is idempotent. Thread-safe.
/// </summary>
internal sealed class KeycloakAdmin(KeycloakWire wire, KeycloakTokens tokens, IOptions<KeycloakOptions> options)
{
    private readonly string realm = $"admin/realms/{Uri.EscapeDataString(options.Value.Realm!)}";

    public Task<KeycloakAnswer> GetAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, null, mayRepeat: true, cancellationToken);

    public Task<KeycloakAnswer> PostAsync(string path, object body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, JsonSerializer.Serialize(body, Json.Options), mayRepeat: false, cancellationToken);

    /// <summary>Posts the text unchanged.</summary>
    public Task<KeycloakAnswer> PostTextAsync(string path, string text, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, text, mayRepeat: false, cancellationToken);

    /// <summary>A POST without a body that may be repeated, such as a sign-out.</summary>
    public Task<KeycloakAnswer> PostNothingAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, null, mayRepeat: true, cancellationToken);

    public Task<KeycloakAnswer> PutAsync(string path, object body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Put, path, JsonSerializer.Serialize(body, Json.Options), mayRepeat: true, cancellationToken);

    /// <summary>A PUT without a body.</summary>
    public Task<KeycloakAnswer> PutNothingAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Put, path, null, mayRepeat: true, cancellationToken);

    /// <summary>For a PUT that is not idempotent, such as one that sends mail.</summary>
    public Task<KeycloakAnswer> PutOnceAsync(string path, object body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Put, path, JsonSerializer.Serialize(body, Json.Options), mayRepeat: false, cancellationToken);

    public Task<KeycloakAnswer> DeleteAsync(string path, CancellationToken cancellationToken, object? body = null) =>
        SendAsync(HttpMethod.Delete, path, body is null ? null : JsonSerializer.Serialize(body, Json.Options), mayRepeat: true, cancellationToken);

    /// <summary>A call that may be forbidden: the caller handles 403 as well. It must change nothing, and is repeated after an outage.</summary>
    public Task<KeycloakAnswer> ProbeAsync(HttpMethod method, string path, CancellationToken cancellationToken, object? body = null) =>
        AskAsync(method, $"{realm}/{path}".TrimEnd('/'), body is null ? null : JsonSerializer.Serialize(body, Json.Options), mayRepeat: true, cancellationToken);

    /// <summary>What the server says about itself, as far as the service account may know.</summary>
    public Task<KeycloakAnswer> ServerInfoAsync(CancellationToken cancellationToken) =>
        AskAsync(HttpMethod.Get, "admin/serverinfo", null, mayRepeat: true, cancellationToken);

    /// <summary>The method and path for messages. It omits the query, which may contain a mail address.</summary>
    public static string Describe(string method, string path) => $"{method} {path.Split('?')[0]}";

    /// <summary>
    /// Makes a call whose purpose may be fulfilled although it was refused or got no answer. A call that loses a race against another
    /// attempt is answered with 400, 409 or 500, depending on Keycloak's database and on the moment.
    /// </summary>
    /// <param name="call">The call.</param>
    /// <param name="fulfilled">Whether what the call was to bring about is there.</param>
    /// <returns>The refusal; null when the purpose is fulfilled.</returns>
    public static async Task<KeycloakAnswer?> RefusalAsync(Func<Task<KeycloakAnswer>> call, Func<Task<bool>> fulfilled)
    {
        KeycloakAnswer answer;
        try
        {
            answer = await call();
        }
        catch (StepFailureException e) when (e.MayHaveActed)
        {
            if (await fulfilled())
                return null;
            throw;
        }

        return answer.Succeeded || await fulfilled() ? null : answer;
    }

    /// <exception cref="StepFailureException">The response does not match the API's contract.</exception>
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
            throw StepFailureException.Permanent(KeycloakFailures.Unintelligible, $"The client cannot read Keycloak's response to {call}: {e.Message}",
                $"Check that {KeycloakOptions.Section}:BaseUrl points to Keycloak 26.", KeycloakFailures.System, e);
        }
    }

    private async Task<KeycloakAnswer> SendAsync(HttpMethod method, string path, string? body, bool mayRepeat, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(method, $"{realm}/{path}", body, mayRepeat, cancellationToken);
        return answer.Status == HttpStatusCode.Forbidden ? throw KeycloakFailures.MissingRole(Describe(method.Method, path), answer) : answer;
    }

    /// <param name="url">Below Keycloak's address.</param>
    private async Task<KeycloakAnswer> AskAsync(HttpMethod method, string url, string? body, bool mayRepeat, CancellationToken cancellationToken)
    {
        var call = Describe(method.Method, url.StartsWith(realm + "/", StringComparison.Ordinal) ? url[(realm.Length + 1)..] : url);
        var changes = method != HttpMethod.Get;
        var token = await tokens.GetAsync(cancellationToken);
        var answer = await wire.SendAsync(call, () => Request(method, url, body, token), mayRepeat, changes, cancellationToken);
        if (answer.Status == HttpStatusCode.Unauthorized)
        {
            // Keycloak did nothing. A token becomes invalid early when sessions are revoked or keys rotated, so try once more with a fresh one.
            tokens.Refused(token);
            token = await tokens.GetAsync(cancellationToken);
            answer = await wire.SendAsync(call, () => Request(method, url, body, token), mayRepeat, changes, cancellationToken);
        }

        return answer.Status == HttpStatusCode.Unauthorized ? throw KeycloakFailures.TokenRefused(call) : answer;
    }

    private HttpRequestMessage Request(HttpMethod method, string url, string? body, string token) => new(method, url)
    {
        Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
        Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
    };
}
