using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Saga.Tests.Support.Keycloak.Real;

/// <summary>
/// Stands between a client and a real Keycloak. It passes calls and responses on, checks the calls against the OpenAPI document, and
/// injects the same faults as the stub.
/// </summary>
public sealed class KeycloakFront : IAsyncDisposable
{
    private static readonly string[] HopByHop = ["connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host", "content-length", "content-type", "expect"];
    private static readonly KeycloakRealm Unused = new(new());
    private static readonly IReadOnlyList<StubRoute> Routes = KeycloakRoutes.Of(Unused, new KeycloakPeople(Unused, new()), new KeycloakGroups(Unused));
    private readonly RealRealm realm;
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { Timeout = TimeSpan.FromMinutes(2) };
    private readonly ConcurrentQueue<StubCall> calls = new();
    private readonly ConcurrentQueue<string> violations = new();
    private readonly ConcurrentDictionary<ArmedFault, bool> faults = new();
    private readonly CancellationTokenSource ending = new();
    private readonly WebApplication app;

    private KeycloakFront(RealRealm realm)
    {
        this.realm = realm;
        // Each would watch for changes of settings files, and Linux allows a user 128 watchers.
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Run(HandleAsync);
    }

    /// <summary>The settings that make a process use the realm through this front, by key.</summary>
    public IReadOnlyDictionary<string, string?> Settings => realm.Settings(app.Urls.First());

    public IReadOnlyList<StubCall> Calls => [.. calls];

    /// <summary>Calls of the client that violate the OpenAPI document; also empty when there is no document.</summary>
    public IReadOnlyList<string> Violations => [.. violations];

    public static async Task<KeycloakFront> StartAsync(RealRealm realm)
    {
        var front = new KeycloakFront(realm);
        await front.app.StartAsync();
        return front;
    }

    /// <inheritdoc cref="KeycloakStub.Arm"/>
    public KeycloakFront Arm(string method, string route, KeycloakFault fault, int times = 1)
    {
        faults[new ArmedFault(method, route, fault, times)] = true;
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await app.DisposeAsync();
        http.Dispose();
        ending.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        try
        {
            await AnswerAsync(context);
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException)
        {
            context.Abort();
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        using var reader = new StreamReader(request.Body);
        var body = await reader.ReadToEndAsync(ending.Token);
        var raw = request.Path.Value!;
        var admin = $"/admin/realms/{realm.Name}/";
        var token = raw.EndsWith("/protocol/openid-connect/token", StringComparison.Ordinal);
        var found = raw.StartsWith(admin, StringComparison.Ordinal) ? KeycloakRoutes.Find(Routes, request.Method, raw[admin.Length..])?.Route.Template : null;
        var route = token ? "token" : found ?? raw;
        // The OpenAPI document describes the realms of the admin API only.
        if (raw.StartsWith("/admin/", StringComparison.Ordinal) && raw != KeycloakRoutes.ServerInfo)
            _ = new Conversation(violations, request, body);

        var fault = faults.Keys.Select(f => f.TakeFor(request.Method, route)).FirstOrDefault(f => f is not null);
        if (fault?.Delay is { } delay && delay > TimeSpan.Zero)
            await Task.Delay(delay, ending.Token);
        if (fault?.Until is { } until)
            await until.WaitAsync(ending.Token);
        if (fault?.Drop == true)
        {
            Note(request, route, 0);
            context.Abort();
            return;
        }

        if (fault?.Status is { } refused)
        {
            Note(request, route, refused);
            await FailAsync(context, refused, fault);
            return;
        }

        // A client that has given up does not stop it, as it would not stop Keycloak.
        using var forward = Forward(request, body);
        using var response = await http.SendAsync(forward, ending.Token);
        var bytes = await response.Content.ReadAsByteArrayAsync(ending.Token);
        Note(request, route, fault?.StatusAfterActing ?? (int)response.StatusCode);
        if (fault?.LoseAnswer == true)
            context.Abort();
        else if (fault?.StatusAfterActing is { } lie)
            await FailAsync(context, lie, fault);
        else
            await PassOnAsync(context, response, bytes);
    }

    // The Host header stays, so that Keycloak's Location headers and issuer name this front.
    private HttpRequestMessage Forward(HttpRequest request, string body)
    {
        var message = new HttpRequestMessage(new HttpMethod(request.Method), $"{realm.Url}{request.Path.ToUriComponent()}{request.QueryString.ToUriComponent()}");
        message.Headers.Host = request.Host.Value;
        foreach (var (name, values) in request.Headers.Where(h => !HopByHop.Contains(h.Key, StringComparer.OrdinalIgnoreCase)))
            message.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        if (request.ContentType is { } type)
            message.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };
        return message;
    }

    private async Task PassOnAsync(HttpContext context, HttpResponseMessage response, byte[] body)
    {
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var (name, values) in response.Headers.Where(h => !HopByHop.Contains(h.Key, StringComparer.OrdinalIgnoreCase)))
            context.Response.Headers[name] = values.ToArray();
        context.Response.ContentType = response.Content.Headers.ContentType?.ToString();
        if (body.Length > 0)
            await context.Response.Body.WriteAsync(body, ending.Token);
    }

    private static async Task FailAsync(HttpContext context, int status, KeycloakFault fault)
    {
        context.Response.StatusCode = status;
        if (fault.RetryAfter is { } retryAfter)
            context.Response.Headers.RetryAfter = retryAfter;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(fault.Body);
    }

    private void Note(HttpRequest request, string route, int status) =>
        calls.Enqueue(new StubCall(request.Method, route, request.Path + request.QueryString, status));
}
