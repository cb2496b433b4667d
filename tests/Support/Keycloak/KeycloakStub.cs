using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Saga.Contracts;

namespace Saga.Tests.Support.Keycloak;

/// <summary>
/// An in-memory server with the part of Keycloak 26.6's admin API that Saga uses, on a free port of this machine. If Keycloak's
/// OpenAPI document is available, each call and response is checked against it. Tests can inject faults. The stub lives as long as
/// the process that started it.
/// </summary>
public sealed class KeycloakStub : IAsyncDisposable
{
    private readonly KeycloakStubOptions options;
    private readonly KeycloakRealm realm;
    private readonly IReadOnlyList<StubRoute> routes;
    private readonly KeycloakStubTokens tokens;
    private readonly ConcurrentQueue<string> violations = new();
    private readonly ConcurrentQueue<StubCall> calls = new();
    private readonly ConcurrentDictionary<ArmedFault, bool> faults = new();
    private readonly CancellationTokenSource ending = new();
    private readonly WebApplication app;
    private int running;
    private int held;
    private int busiest;

    private KeycloakStub(KeycloakStubOptions options)
    {
        this.options = options;
        realm = new KeycloakRealm(options);
        routes = KeycloakRoutes.Of(realm, new KeycloakPeople(realm, options), new KeycloakGroups(realm));
        tokens = new KeycloakStubTokens(options);
        // Each would watch for changes of settings files, and Linux allows a user 128 watchers.
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Run(HandleAsync);
    }

    /// <summary>For <c>Saga:Identity:Keycloak:BaseUrl</c>.</summary>
    public string BaseUrl => app.Urls.First();

    public KeycloakStubOptions Options => options;

    /// <summary>The settings that make a process use this stub, by key.</summary>
    public IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["Saga:Identity:Adapter"] = "keycloak",
        ["Saga:Identity:Keycloak:BaseUrl"] = BaseUrl,
        ["Saga:Identity:Keycloak:Realm"] = options.Realm,
        ["Saga:Identity:Keycloak:ClientId"] = options.ClientId,
        ["Saga:Identity:Keycloak:ClientSecret"] = options.ClientSecret,
    };

    /// <summary>Violations of the OpenAPI document by calls or responses; also empty when there is no document.</summary>
    public IReadOnlyList<string> Violations => [.. violations];

    public IReadOnlyList<StubCall> Calls => [.. calls];

    public int TokensGiven => tokens.Given;

    /// <summary>The number of calls that wait for the task of their fault.</summary>
    public int Held => Volatile.Read(ref held);

    /// <summary>The highest number of concurrent calls.</summary>
    public int Busiest => Volatile.Read(ref busiest);

    public IReadOnlyList<StubOrganization> Organizations
    {
        get
        {
            lock (realm.Gate)
                return [.. realm.Organizations];
        }
    }

    /// <summary>Adds events that the realm has saved.</summary>
    public void Save(params IEnumerable<StubEvent> events)
    {
        lock (realm.Gate)
            realm.Events.AddRange(events);
    }

    public IReadOnlyList<StubUser> Users
    {
        get
        {
            lock (realm.Gate)
                return [.. realm.Users];
        }
    }

    public static async Task<KeycloakStub> StartAsync(KeycloakStubOptions? options = null)
    {
        var stub = new KeycloakStub(options ?? new KeycloakStubOptions());
        await stub.app.StartAsync();
        return stub;
    }

    /// <param name="method">In capitals, or <c>*</c>.</param>
    /// <param name="route">A template below the realm, such as <c>organizations/{org-id}</c>; <c>token</c>; or <c>*</c>.</param>
    /// <param name="fault">The fault.</param>
    /// <param name="times">The number of calls with the fault.</param>
    public KeycloakStub Arm(string method, string route, KeycloakFault fault, int times = 1)
    {
        faults[new ArmedFault(method, route, fault, times)] = true;
        return this;
    }

    /// <summary>Removes all faults.</summary>
    public void Disarm() => faults.Clear();

    /// <summary>Refuses every token issued so far.</summary>
    public void RevokeTokens() => tokens.RevokeAll();

    /// <summary>Adds an organisation without a call.</summary>
    public StubOrganization Add(StubOrganization organization)
    {
        lock (realm.Gate)
            realm.Organizations.Add(organization);
        return organization;
    }

    /// <summary>Removes an organisation without a call.</summary>
    public void Remove(StubOrganization organization)
    {
        lock (realm.Gate)
            realm.Organizations.Remove(organization);
    }

    /// <summary>Adds a user without a call.</summary>
    public StubUser Add(StubUser user)
    {
        lock (realm.Gate)
            realm.Users.Add(user);
        return user;
    }

    /// <summary>Adds a role of the realm without a call.</summary>
    public void AddRole(string name)
    {
        lock (realm.Gate)
            realm.Roles.Add(new(KeycloakRealm.NewId(), name, null));
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await app.DisposeAsync();
        ending.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var now = Interlocked.Increment(ref running);
        for (var seen = busiest; now > seen; seen = busiest)
            Interlocked.CompareExchange(ref busiest, now, seen);
        try
        {
            await AnswerAsync(context);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            context.Abort();
        }
        finally
        {
            Interlocked.Decrement(ref running);
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        using var reader = new StreamReader(request.Body);
        var body = await reader.ReadToEndAsync(ending.Token);
        var raw = request.Path.Value!;
        var admin = $"/admin/realms/{options.Realm}/";
        var found = raw.StartsWith(admin, StringComparison.Ordinal) ? KeycloakRoutes.Find(routes, request.Method, raw[admin.Length..])
            : raw == admin.TrimEnd('/') ? KeycloakRoutes.Find(routes, request.Method, "")
            : raw == KeycloakRoutes.ServerInfo ? KeycloakRoutes.Find(routes, request.Method, raw)
            : null;
        var token = raw == $"/realms/{options.Realm}/protocol/openid-connect/token";
        var route = token ? "token" : found?.Route.Template ?? raw;
        // The OpenAPI document describes realms only.
        var contract = token || raw == KeycloakRoutes.ServerInfo ? null : new Conversation(violations, request, body);

        var fault = faults.Keys.Select(f => f.TakeFor(request.Method, route)).FirstOrDefault(f => f is not null);
        var wait = options.Latency + (fault?.Delay ?? TimeSpan.Zero);
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, ending.Token);
        if (fault?.Until is { } until)
            await HoldAsync(until);
        if (fault?.Drop == true)
        {
            Note(request, route, 0);
            context.Abort();
            return;
        }

        var answer = fault?.Status is { } failed ? Failed(failed, fault)
            : token ? Act(() => tokens.Issue(Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(body)))
            : Act(() => ActOn(request, found, body));
        if (fault?.StatusAfterActing is { } lie)
            answer = Failed(lie, fault);
        Note(request, route, answer.Status);
        if (fault?.LoseAnswer == true)
        {
            context.Abort();
            return;
        }

        if (fault?.RetryAfter is { } retryAfter)
            context.Response.Headers.RetryAfter = retryAfter;
        await WriteAsync(context, answer, contract);
    }

    private async Task HoldAsync(Task until)
    {
        Interlocked.Increment(ref held);
        try
        {
            await until.WaitAsync(ending.Token);
        }
        finally
        {
            Interlocked.Decrement(ref held);
        }
    }

    private StubAnswer ActOn(HttpRequest request, (StubRoute Route, IReadOnlyList<string> Parts)? found, string body)
    {
        if (found is not { } match)
        {
            violations.Enqueue($"{request.Method} {request.Path}: not known to the stub");
            throw KeycloakRefusal.Coded(404, "HTTP 404 Not Found");
        }

        if (!tokens.Accepts(request.Headers.Authorization))
            throw KeycloakRefusal.Coded(401, "HTTP 401 Unauthorized");
        if (!match.Route.Roles.All(set => set.Any(role => options.ServiceAccountRoles.Contains(role, StringComparer.Ordinal))))
            throw KeycloakRefusal.Coded(403, "HTTP 403 Forbidden");
        if (!options.OrganizationsEnabled && match.Route.Template.StartsWith("organizations", StringComparison.Ordinal))
            throw KeycloakRefusal.Worded(404, "Organizations not enabled for this realm.");
        var query = request.Query.ToDictionary(q => q.Key, q => q.Value.ToString(), StringComparer.Ordinal);
        return match.Route.Act(new StubRequest(match.Parts, query, body));
    }

    // Every handler runs under the realm's lock, like Keycloak's transactions.
    private StubAnswer Act(Func<StubAnswer> handler)
    {
        try
        {
            lock (realm.Gate)
            {
                var answer = handler();
                return answer.Body is null ? answer : answer with { Body = JsonSerializer.Serialize(answer.Body, Json.Options) };
            }
        }
        catch (KeycloakRefusal refusal)
        {
            return new StubAnswer(refusal.Status, JsonSerializer.Serialize(refusal.Body, Json.Options));
        }
    }

    private static StubAnswer Failed(int status, KeycloakFault fault) => new(status, fault.Body);

    private void Note(HttpRequest request, string route, int status)
    {
        if (options.KeepCalls)
            calls.Enqueue(new StubCall(request.Method, route, request.Path + request.QueryString, status));
    }

    private static async Task WriteAsync(HttpContext context, StubAnswer answer, Conversation? contract)
    {
        var text = answer.Body as string ?? "";
        var type = text.Length == 0 ? null : "application/json";
        contract?.Check(answer.Status, type, text);
        context.Response.StatusCode = answer.Status;
        if (answer.CreatedId is { } id)
            context.Response.Headers.Location = $"{context.Request.Scheme}://{context.Request.Host}{context.Request.Path}/{Uri.EscapeDataString(id)}";
        if (type is null)
            return;
        context.Response.ContentType = type;
        await context.Response.WriteAsync(text);
    }
}
