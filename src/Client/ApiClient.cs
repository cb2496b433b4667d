using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Saga.Contracts;

namespace Saga.Client;

/// <summary>A client of the API like any other caller: over HTTP, with a token from the issuer.</summary>
public sealed class ApiClient(Uri address, Uri tokenEndpoint, string clientId, string secret) : IDisposable
{
    private readonly HttpClient http = new() { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };

    public Uri Address { get; } = address;

    public Uri TokenEndpoint { get; } = tokenEndpoint;

    /// <summary>Asks the issuer for its token endpoint and for a first token.</summary>
    public static async Task<ApiClient> ConnectAsync(string address, string authority, string clientId, string secret, CancellationToken cancellationToken)
    {
        using var issuer = new HttpClient();
        var metadata = await issuer.GetFromJsonAsync<JsonElement>(authority.TrimEnd('/') + "/.well-known/openid-configuration", cancellationToken);
        var client = new ApiClient(new Uri(address), new Uri(metadata.GetProperty("token_endpoint").GetString()!), clientId, secret);
        await client.SignInAsync(cancellationToken);
        return client;
    }

    /// <returns>The response body; null for 404.</returns>
    public async Task<T?> GetAsync<T>(string path, CancellationToken cancellationToken)
        where T : class
    {
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
        if (answer.StatusCode == HttpStatusCode.NotFound)
            return null;
        await ThrowUnlessGoodAsync(answer, cancellationToken);
        return await answer.Content.ReadFromJsonAsync<T>(Json.Options, cancellationToken);
    }

    /// <summary>Sends a command. A repeated command with the same key returns the operation that the first one started.</summary>
    /// <exception cref="HttpRequestException">It was refused, or waits for a second person's approval.</exception>
    public async Task<T> SubmitAsync<T>(string path, object command, string idempotencyKey, CancellationToken cancellationToken)
        where T : class
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(command, options: Json.Options) };
        request.Headers.Add("Idempotency-Key", idempotencyKey);
        using var answer = await http.SendAsync(request, cancellationToken);
        await ThrowUnlessGoodAsync(answer, cancellationToken);
        if (answer.StatusCode == HttpStatusCode.Created)
            throw new HttpRequestException($"POST {path} waits for a second person's approval: {answer.Headers.Location}");
        return (await answer.Content.ReadFromJsonAsync<T>(Json.Options, cancellationToken))!;
    }

    /// <summary>Yields one item for each event of the operation, until it ends.</summary>
    public async IAsyncEnumerable<string> FollowAsync(string events, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var answer = await http.GetAsync(new Uri(events, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await ThrowUnlessGoodAsync(answer, cancellationToken);
        if (answer.StatusCode == HttpStatusCode.NoContent)
            yield break;
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellationToken))
            yield return item.EventType;
    }

    public void Dispose() => http.Dispose();

    private async Task SignInAsync(CancellationToken cancellationToken)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = clientId,
            ["client_secret"] = secret,
        });
        using var answer = await http.PostAsync(TokenEndpoint, form, cancellationToken);
        await ThrowUnlessGoodAsync(answer, cancellationToken);
        var token = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.GetProperty("access_token").GetString());
    }

    private static async Task ThrowUnlessGoodAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (!answer.IsSuccessStatusCode)
        {
            throw new HttpRequestException(
                $"{answer.RequestMessage!.Method} {answer.RequestMessage.RequestUri} was answered with {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellationToken)}");
        }
    }
}
