using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Saga.Contracts.Commands;
using Saga.Tests.Support;

namespace Saga.Tests.EndToEnd.Disturbances;

/// <summary>Posts commands to any of the APIs, and repeats each with the same key until it is accepted.</summary>
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

    public async Task PostAsync(string path, object body, string key)
    {
        while (!await TryAsync(path, body, key))
            await Task.Delay(Pause);
    }

    public void Dispose() => http.Dispose();

    private async Task<bool> TryAsync(string path, object body, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(apis[Interlocked.Increment(ref calls) % apis.Count], path)) { Content = JsonContent.Create(body) };
        request.Headers.Add("Idempotency-Key", key);
        try
        {
            using var answer = await http.SendAsync(request);
            if (answer.StatusCode is HttpStatusCode.Accepted or HttpStatusCode.ServiceUnavailable)
                return answer.StatusCode == HttpStatusCode.Accepted;
            throw new InvalidOperationException($"POST {path} with the key {key} answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        }
        catch (Exception error) when (error is HttpRequestException or IOException or TaskCanceledException)
        {
            // The process was killed or stopped, or its answer was lost.
            return false;
        }
    }
}
