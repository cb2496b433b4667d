using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Programs;

/// <summary>Api, Orchestrator and Workers in separate processes on real servers, communicating through messages and the registry.</summary>
[Collection(Alone.Name)]
public sealed class When_the_three_programs_run(When_the_three_programs_run.ControlPlane plane) : IClassFixture<When_the_three_programs_run.ControlPlane>
{
    [Fact]
    public async Task Should_take_a_tenant_from_a_request_to_active_and_stop_in_order()
    {
        var address = NewAddress();
        // Each with its own login, which may do what its program does and nothing else.
        using var api = new ProgramProcess("Saga.Api", As(ProgramLogins.Api), "--urls", address);
        var (orchestratorHealth, workersHealth) = (NewAddress(), NewAddress());
        using var orchestrator = new ProgramProcess("Saga.Orchestrator", As(ProgramLogins.Orchestrator), "--Saga:Health:Url=" + orchestratorHealth);
        using var workers = new ProgramProcess("Saga.Workers", As(ProgramLogins.Workers), "--Saga:Health:Url=" + workersHealth);
        using var http = new HttpClient { BaseAddress = new Uri(address) };
        foreach (var (process, at) in ((ProgramProcess, string)[])[(api, address), (orchestrator, orchestratorHealth), (workers, workersHealth)])
        {
            await Until.TrueAsync(async () => process.HasExited || (await HealthAsync(http, at, "ready")).Status == HttpStatusCode.OK, $"{at} is ready", TimeSpan.FromSeconds(90));
            process.HasExited.ShouldBeFalse(process.Errors + process.Output);
        }

        (await HealthAsync(http, address, "ready")).Checks.ShouldBe("audit-sealing healthy, connections healthy, registry healthy, token-issuer healthy");
        (await HealthAsync(http, orchestratorHealth, "ready")).Checks.ShouldBe("broker-flow healthy, connections healthy, dead-letters healthy, masstransit-bus healthy, registry healthy, unreadable-operations healthy");
        (await HealthAsync(http, workersHealth, "ready")).Checks.ShouldBe("audit-proof healthy, backup-tools healthy, broker-flow healthy, connections healthy, external-systems healthy, masstransit-bus healthy, registry healthy");

        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", plane.Issuer.Token("platform-admin"));
        using var accepted = await http.PostAsJsonAsync(
            "/api/v1/tenants", new { name = "Acme", slug = "acme", plan = "enterprise", adminEmail = "ada@acme.example", domain = "acme.example" });
        accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var operation = accepted.Headers.Location!;
        var last = default(JsonElement);
        await Until.TrueAsync(
            async () => (last = await http.GetFromJsonAsync<JsonElement>(operation)).GetProperty("state").GetString() is "completed" or "compensated" or "stalled",
            "the operation ends", TimeSpan.FromSeconds(120));

        last.GetProperty("state").GetString().ShouldBe("completed", last.ToString());
        var tenant = await http.GetFromJsonAsync<JsonElement>("/api/v1/tenants/acme");
        tenant.GetProperty("status").GetString().ShouldBe("active");
        plane.Site.Keycloak.Organizations.ShouldHaveSingleItem().Alias.ShouldBe("acme");
        plane.Site.Keycloak.Violations.ShouldBeEmpty();
        await Until.TrueAsync(() => Task.FromResult(plane.Site.Mail.Mails.Count == 1), "the administrator has mail");

        var codes = await Task.WhenAll(workers.TerminateAsync(), orchestrator.TerminateAsync(), api.TerminateAsync());
        codes.ShouldBe([0, 0, 0], workers.Errors + orchestrator.Errors + api.Errors);
        foreach (var said in (string[])[workers.Errors, orchestrator.Errors, api.Errors])
            said.ShouldBeEmpty();
        foreach (var line in ((ProgramProcess[])[workers, orchestrator, api]).SelectMany(p => p.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)))
            JsonDocument.Parse(line).RootElement.GetProperty("RenderedMessage").GetString().ShouldNotBeNullOrEmpty();
    }

    [Theory]
    [InTurn(2, of: 3)]
    [InlineData("Saga.Api", "saga-api", "Saga:Registry:ConnectionString", null)]
    [InlineData("Saga.Api", "saga-api", "Saga:Registry:ConnectionString", "nonsense")]
    [InlineData("Saga.Api", "saga-api", "Saga:Auth:Authority", null)]
    [InlineData("Saga.Orchestrator", "saga-orchestrator", "Saga:Registry:ConnectionString", null)]
    [InlineData("Saga.Orchestrator", "saga-orchestrator", "Saga:Bus:RabbitMq", null)]
    [InlineData("Saga.Orchestrator", "saga-orchestrator", "Saga:Orchestrator:Committers", "many")]
    [InlineData("Saga.Workers", "saga-workers", "Saga:Storage:Adapter", "tape")]
    [InlineData("Saga.Workers", "saga-workers", "Saga:Workers:Concurrency", "0")]
    [InlineData("Saga.Workers", "saga-workers", "Saga:Cache:Redis:ConnectionString", null)]
    [InlineData("Saga.Workers", "saga-workers", "Saga:Sealing:ActiveKey", "k9")]
    [InlineData("Saga.Workers", "saga-workers", "Saga:Health:Url", "8081")]
    [InlineData("Saga.Orchestrator", "saga-orchestrator", "Saga:Health:Url", "https://0.0.0.0:8081")]
    public async Task Should_name_the_key_that_is_wrong_and_not_start(string program, string name, string key, string? value)
    {
        var settings = new Dictionary<string, string?>(plane.Site.Settings, StringComparer.OrdinalIgnoreCase) { [key] = value };

        using var process = new ProgramProcess(program, settings, "--urls", "http://127.0.0.1:0");

        (await process.EndsAsync()).ShouldBe(2, process.Errors + process.Output);
        process.Errors.ShouldStartWith($"{name}: ");
        process.Errors.ShouldContain(key);
        process.Errors.ShouldNotContain("   at ");
    }

    [Theory]
    [InlineData("Saga.Api", "saga-api", "Saga:Registry:ConnectionString")]
    [InlineData("Saga.Workers", "saga-workers", "Saga:Databases:Servers:main:ConnectionString")]
    public async Task Should_not_start_on_a_PostgreSQL_that_is_too_old(string program, string name, string key)
    {
        using var old = new OldPostgres(plane.Site.Settings[key]!, "14");
        var settings = new Dictionary<string, string?>(plane.Site.Settings, StringComparer.OrdinalIgnoreCase) { [key] = old.ConnectionString };

        using var process = new ProgramProcess(program, settings, "--urls", "http://127.0.0.1:0");

        (await process.EndsAsync()).ShouldBe(2, process.Errors + process.Output);
        process.Errors.ShouldStartWith($"{name}: {key}: the server is PostgreSQL 14.");
        process.Errors.Trim().Split('\n').ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("Saga.Orchestrator")]
    [InlineData("Saga.Workers")]
    public async Task Should_be_alive_without_the_broker_and_report_it(string program)
    {
        var address = NewAddress();
        var settings = new Dictionary<string, string?>(plane.Site.Settings, StringComparer.OrdinalIgnoreCase)
        {
            ["Saga:Bus:RabbitMq"] = string.Create(CultureInfo.InvariantCulture, $"amqp://guest:guest@127.0.0.1:{FreePorts.Next()}"),
        };
        using var process = new ProgramProcess(program, settings, "--Saga:Health:Url=" + address);
        using var http = new HttpClient();

        var (status, checks) = (default(HttpStatusCode), "");
        await Until.TrueAsync(
            async () => process.HasExited || ((status, checks) = await HealthAsync(http, address, "ready")).checks.Contains("registry healthy", StringComparison.Ordinal),
            $"{program} answers", TimeSpan.FromSeconds(60));

        process.HasExited.ShouldBeFalse(process.Errors + process.Output);
        status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        checks.ShouldContain("masstransit-bus unhealthy");
        (await HealthAsync(http, address, "live")).Status.ShouldBe(HttpStatusCode.OK);
        using var elsewhere = await http.GetAsync(new Uri(address + "/api/v1/tenants"));
        elsewhere.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Should_say_that_another_answers_at_its_address()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        using var process = new ProgramProcess("Saga.Workers", plane.Site.Settings, $"--Saga:Health:Url=http://{taken.LocalEndpoint}");

        (await process.EndsAsync()).ShouldBe(2, process.Errors + process.Output);
        process.Errors.ShouldStartWith($"saga-workers: Saga:Health:Url is http://{taken.LocalEndpoint}: ");
        process.Errors.ShouldNotContain("   at ");
    }

    private Dictionary<string, string?> As(string login) => new(plane.Site.Settings, StringComparer.OrdinalIgnoreCase)
    {
        ["Saga:Registry:ConnectionString"] = ProgramLogins.On(plane.Site.Settings["Saga:Registry:ConnectionString"]!, login),
    };

    private static string NewAddress() => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePorts.Next()}");

    // Each check by name, and its status.
    private static async Task<(HttpStatusCode Status, string Checks)> HealthAsync(HttpClient http, string address, string what)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri($"{address}/health/{what}"));
            var health = await answer.Content.ReadFromJsonAsync<JsonElement>();
            return (answer.StatusCode, health.TryGetProperty("checks", out var checks)
                ? string.Join(", ", checks.EnumerateObject().Select(c => $"{c.Name} {c.Value.GetProperty("status").GetString()}"))
                : "");
        }
        catch (HttpRequestException)
        {
            return (default, "");
        }
    }

    public sealed class ControlPlane : IAsyncLifetime
    {
        internal TestIssuer Issuer { get; private set; } = null!;

        internal Site Site { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Issuer = await TestIssuer.StartAsync();
            Site = await (await World.SharedAsync()).NewSiteAsync();
            Site.Settings["Saga:Auth:Authority"] = Issuer.Authority;
            Site.Settings["Saga:Auth:Audience"] = TestIssuer.Audience;
            Site.Settings["Saga:Auth:RequireHttps"] = "false";
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            Site.Settings["Saga:Audit:SigningKey"] = Convert.ToBase64String(key.ExportPkcs8PrivateKey());
        }

        public ValueTask DisposeAsync() => Issuer.DisposeAsync();
    }
}
