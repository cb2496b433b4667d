using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saga.Api;
using Saga.Api.Audit;
using Saga.Api.Tokens;
using Saga.Tests.Support;
using Shouldly;

namespace Saga.Tests.Integration.Api;

/// <summary>The API as in production, on Kestrel, with its own registry, trusting <see cref="TestIssuer"/>.</summary>
public sealed class ApiServer : IAsyncDisposable
{
    private readonly ITimer going;

    private ApiServer(WebApplication app, TestIssuer issuer, NpgsqlDataSource registry, TestClock clock, LogLines logs)
    {
        App = app;
        Issuer = issuer;
        Registry = registry;
        Clock = clock;
        going = clock.Run();
        Logs = logs;
        Admin = Client(issuer.Token(Roles.Admin));
        Viewer = Client(issuer.Token(Roles.Viewer));
    }

    public WebApplication App { get; }

    public TestIssuer Issuer { get; }

    public NpgsqlDataSource Registry { get; }

    public TestClock Clock { get; }

    public LogLines Logs { get; }

    public HttpClient Admin { get; }

    public HttpClient Viewer { get; }

    /// <summary>The registry as another process of the same program reaches it.</summary>
    public string RegistryAddress { get; private init; } = "";

    public Uri Address => new(App.Urls.First());

    /// <param name="registry">A registry's connection string; a fresh one when null.</param>
    /// <param name="map">Further endpoints of the process.</param>
    /// <param name="configure">Changes the program before it is built.</param>
    /// <param name="settings">Further settings.</param>
    public static async Task<ApiServer> StartAsync(
        string? registry = null, Action<WebApplication>? map = null, Action<WebApplicationBuilder>? configure = null, params (string Key, string Value)[] settings)
    {
        var source = registry is null ? await PostgresServer.NewRegistryAsync() : NpgsqlDataSource.Create(registry);
        if (registry is null)
        {
            await ProgramLogins.EnsureAsync(source);
            registry = ProgramLogins.On(await ConnectionStringAsync(source), ProgramLogins.Api);
        }

        var issuer = await TestIssuer.StartAsync();
        var (clock, logs) = (new TestClock(TimeProvider.System.GetUtcNow()), new LogLines());
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Saga:Registry:ConnectionString"] = registry,
            ["Saga:Auth:Authority"] = issuer.Authority,
            ["Saga:Auth:Audience"] = TestIssuer.Audience,
            ["Saga:Auth:RequireHttps"] = "false",
        });
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value));
        builder.Logging.ClearProviders().AddProvider(logs);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.AddApi(builder.Configuration);
        // The issuer is in this process, which may be busy.
        builder.Services.AddHttpClient(IssuerKeys.Client, client => client.Timeout = WaitLimit.Seconds(10));
        configure?.Invoke(builder);
        var app = builder.Build();
        app.MapApi();
        map?.Invoke(app);
        await app.StartAsync();
        return new(app, issuer, source, clock, logs) { RegistryAddress = registry };
    }

    /// <summary>Lets the clock stand still until a test moves it.</summary>
    public ValueTask StopClockAsync() => going.DisposeAsync();

    public HttpClient Client(string? token)
    {
        var client = new HttpClient { BaseAddress = Address };
        if (token is not null)
            client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return client;
    }

    public static JsonObject Body(string slug) => new() { ["name"] = "Acme", ["slug"] = slug, ["plan"] = "enterprise", ["adminEmail"] = "ada@acme.com" };

    /// <summary>Sends a command.</summary>
    public async Task<HttpResponseMessage> PostAsync(JsonNode body, string? key = null, string query = "", HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/tenants" + query) { Content = JsonContent.Create(body) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await (client ?? Admin).SendAsync(request);
    }

    /// <summary>Sends a command that is accepted; returns the operation's id.</summary>
    public async Task<Guid> AcceptedAsync(string slug)
    {
        using var response = await PostAsync(Body(slug));
        ((int)response.StatusCode).ShouldBe(202);
        return (await JsonAsync(response)).GetProperty("id").GetGuid();
    }

    public async Task<JsonElement> GetAsync(string path)
    {
        using var response = await Viewer.GetAsync(new Uri(path, UriKind.Relative));
        ((int)response.StatusCode).ShouldBe(200, await response.Content.ReadAsStringAsync());
        return await JsonAsync(response);
    }

    public static async Task<JsonElement> JsonAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Registry.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var command = Registry.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>The requests that were refused so far: caller, endpoint, code and how many.</summary>
    public async Task<string> RefusedAsync()
    {
        await App.Services.GetRequiredService<RefusalLog>().WriteAsync(all: true, CancellationToken.None);
        return await QueryAsync<string>(
            "select coalesce(string_agg(concat_ws(' ', actor, detail ->> 'endpoint', detail ->> 'code', occurrences), ', ' order by id), '') from audit where action = 'request.refuse'");
    }

    public Task<long> AddHistoryAsync(Guid operation, string name) => QueryAsync<long>(
        $"insert into operation_history (operation_id, at, event, step) values ('{operation}', now(), '{name}', 'placement.reserve') returning id");

    public async ValueTask DisposeAsync()
    {
        Admin.Dispose();
        Viewer.Dispose();
        await App.DisposeAsync();
        await Issuer.DisposeAsync();
        await Registry.DisposeAsync();
        await going.DisposeAsync();
    }

    // A data source does not reveal its password.
    private static async Task<string> ConnectionStringAsync(NpgsqlDataSource source) => new NpgsqlConnectionStringBuilder(await PostgresServer.AdminConnectionStringAsync())
    {
        Database = new NpgsqlConnectionStringBuilder(source.ConnectionString).Database,
    }.ConnectionString;
}
