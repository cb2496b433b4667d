using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Tests.Support;

namespace Saga.Tests.EndToEnd.Disturbances;

/// <summary>Sends commands to any of the APIs, and repeats each with the same key until it is accepted.</summary>
internal sealed class HttpCaller : IDisposable
{
    // As a client pauses before it tries again. Without it, the Api would refuse the caller for too many requests.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private readonly IReadOnlyList<Uri> apis;
    private readonly HttpClient http = new() { Timeout = WaitLimit.Seconds(20) };
    private int calls;

    public HttpCaller(IReadOnlyList<Uri> apis, string token)
    {
        this.apis = apis;
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public Task PostAsync(ProvisionTenant command) => PostAsync(
        "/api/v1/tenants", new { name = command.Name, slug = command.Slug, plan = command.Plan, adminEmail = command.AdminEmail, domain = command.Domain }, command.Slug);

    public Task PostAsync(string path, object body, string key) => SendAsync(HttpMethod.Post, path, body, key);

    /// <summary>Sends a command until it is accepted.</summary>
    /// <param name="method">POST or PATCH.</param>
    /// <param name="path">With a leading slash.</param>
    /// <param name="body">Serialised as JSON.</param>
    /// <param name="key">The idempotency key.</param>
    /// <param name="ifMatch">The entity tag that the command is about; null for none.</param>
    /// <returns>The accepted operation.</returns>
    public async Task<JsonElement> SendAsync(HttpMethod method, string path, object body, string key, string? ifMatch = null)
    {
        while (true)
        {
            var answer = await TryAsync(HttpStatusCode.Accepted, () =>
            {
                var request = new HttpRequestMessage(method, Next(path)) { Content = JsonContent.Create(body) };
                request.Headers.Add("Idempotency-Key", key);
                if (ifMatch is not null)
                    request.Headers.Add("If-Match", ifMatch);
                return request;
            });
            if (answer is { } accepted)
                return accepted;
            await Task.Delay(Pause);
        }
    }

    /// <summary>Reads a resource, and tries again until it is answered.</summary>
    public async Task<JsonElement> GetAsync(string path)
    {
        while (true)
        {
            if (await TryAsync(HttpStatusCode.OK, () => new HttpRequestMessage(HttpMethod.Get, Next(path))) is { } answer)
                return answer;
            await Task.Delay(Pause);
        }
    }

    public void Dispose() => http.Dispose();

    private Uri Next(string path) => new(apis[Interlocked.Increment(ref calls) % apis.Count], path);

    // Null when it is worth another try.
    private async Task<JsonElement?> TryAsync(HttpStatusCode wanted, Func<HttpRequestMessage> make)
    {
        using var request = make();
        try
        {
            using var answer = await http.SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();
            if (answer.StatusCode == wanted)
                return JsonElement.Parse(text);
            if (answer.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests)
                return null;
            throw new InvalidOperationException($"{request.Method} {request.RequestUri} answered {(int)answer.StatusCode}: {text}");
        }
        catch (Exception error) when (error is HttpRequestException or IOException or TaskCanceledException)
        {
            // The process was killed or stopped, or its answer was lost.
            return null;
        }
    }
}
