using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Saga.Tests.Support;
using Saga.Tests.Support.Webhooks;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.CustomSteps;

/// <summary>
/// A site with its Api in a process of its own, a team's worker (the sample) in another with the rights of such a worker only, and a team's endpoint.
/// </summary>
public sealed class TeamsSite : IAsyncLifetime
{
    public const string Account = "acme.account.open";
    public const string Register = "acme.crm.register";
    public const string Announce = "acme.crm.announce";
    private readonly string folder = Path.Combine(Path.GetTempPath(), $"saga-accounts-{Guid.NewGuid():n}");
    private TestIssuer issuer = null!;
    private ProgramProcess api = null!;
    private ProgramProcess? worker;
    private IHost host = null!;
    private HttpClient http = null!;
    private int versions;

    internal Site Site { get; private set; } = null!;

    internal TestEndpoint Endpoint { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        (issuer, Endpoint) = (await TestIssuer.StartAsync(), await TestEndpoint.StartAsync());
        Site = await (await World.SharedAsync()).NewSiteAsync();
        Site.Settings["Saga:Auth:Authority"] = issuer.Authority;
        Site.Settings["Saga:Auth:Audience"] = TestIssuer.Audience;
        Site.Settings["Saga:Auth:RequireHttps"] = "false";
        Site.Settings["Saga:HttpSteps:Secrets:acme:0"] = Endpoint.Secrets[0];
        Site.Settings["Saga:HttpSteps:AllowedHosts:0"] = "localhost";
        Site.Settings["Saga:HttpSteps:CaFile"] = Endpoint.CaFile;
        Site.Settings["Saga:HttpSteps:LingersForSeconds"] = "1";
        var address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePorts.Next()}");
        api = new ProgramProcess("Saga.Api", As(ProgramLogins.Api), "--urls", address);
        StartWorker();
        host = await ProvisioningHost.StartAsync(Site.Configuration());
        http = new HttpClient { BaseAddress = new Uri(address) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", issuer.Token("platform-admin"));
        await Until.TrueAsync(
            async () => api.HasExited || worker!.HasExited || (await IsReadyAsync() && await HostsAsync(Account)), "the Api and the team's worker are ready", TimeSpan.FromSeconds(60));
        api.HasExited.ShouldBeFalse(api.Errors + api.Output);
        worker!.HasExited.ShouldBeFalse(worker.Errors + worker.Output);
    }

    public async ValueTask DisposeAsync()
    {
        worker?.Dispose();
        await ProvisioningHost.EndAsync(host);
        http.Dispose();
        api.Dispose();
        await Endpoint.DisposeAsync();
        await issuer.DisposeAsync();
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    /// <summary>Starts the team's worker.</summary>
    public void StartWorker() => worker = new ProgramProcess(
        "Saga.Samples.Accounts",
        [
            new("Saga:Registry:ConnectionString", As(ProgramLogins.Steps)["Saga:Registry:ConnectionString"]), new("Saga:Bus:Adapter", "rabbitmq"),
            new("Saga:Bus:RabbitMq", Site.Settings["Saga:Bus:RabbitMq"]), new("Saga:Workers:LeaseSeconds", "2"), new("Accounts:Folder", folder),
        ]);

    /// <summary>Kills the team's worker.</summary>
    public void KillWorker()
    {
        worker?.Dispose();
        worker = null;
    }

    /// <summary>The tenants that have an account at the team.</summary>
    internal IReadOnlyList<string> Accounts() => !Directory.Exists(folder) ? [] :
        [.. Directory.GetFiles(folder, "*.json").Select(f => JsonElement.Parse(File.ReadAllText(f)).GetProperty("Slug").GetString()!)];

    /// <summary>Puts a step at the endpoint before everything that the product does.</summary>
    internal Task PutFirstAsync() => PutAsync(
        [new { name = Register, workflow = "provision", before = new[] { "placement.reserve" }, http = new { executeUrl = Endpoint.UrlOf("/register"), compensateUrl = Endpoint.UrlOf("/forget"), secret = "acme" } }]);

    /// <summary>Puts all three steps, or none.</summary>
    internal Task PutAsync(bool none = false) => PutAsync(
        none ? [] :
        [
            new { name = Account, workflow = "provision", worker = "acme-accounts", after = new[] { "placement.reserve" } },
            new
            {
                name = Register, workflow = "provision", after = new[] { Account, "organization.create" }, before = new[] { "tenant.verify" }, needs = new[] { Account, "organization.create" }, needsInput = true,
                http = new { executeUrl = Endpoint.UrlOf("/register"), compensateUrl = Endpoint.UrlOf("/forget"), secret = "acme" },
            },
            new { name = Announce, workflow = "provision", afterPivot = true, http = new { executeUrl = Endpoint.UrlOf("/announce"), secret = "acme" } },
        ]);

    private async Task PutAsync(object[] steps)
    {
        using var answer = await http.PutAsJsonAsync("/api/v1/custom-steps", new { basedOn = versions, steps, reason = "The CRM." });
        ((int)answer.StatusCode).ShouldBe(200, await answer.Content.ReadAsStringAsync());
        versions = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("version").GetInt32();
    }

    internal async Task<Guid> ProvisionAsync(string slug)
    {
        using var answer = await http.PostAsJsonAsync("/api/v1/tenants", new { name = $"Tenant {slug}", slug, plan = "basic", adminEmail = $"ada@{slug}.example" });
        ((int)answer.StatusCode).ShouldBe(202, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    internal Task<JsonElement> ShowAsync(Guid operation) => http.GetFromJsonAsync<JsonElement>($"/api/v1/operations/{operation}");

    internal IReadOnlyList<EndpointCall> CallsFor(string slug) => [.. Endpoint.Calls.Where(c => c.Method == "POST" && c.Slug == slug)];

    private Dictionary<string, string?> As(string login) => new(Site.Settings, StringComparer.OrdinalIgnoreCase)
    {
        ["Saga:Registry:ConnectionString"] = ProgramLogins.On(Site.Settings["Saga:Registry:ConnectionString"]!, login),
    };

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var ready = await http.GetAsync(new Uri("/health/ready", UriKind.Relative));
            return ready.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task<bool> HostsAsync(string step)
    {
        await using var find = Site.Registry.CreateCommand("select exists (select from processes where program = 'Saga.Samples.Accounts' and $1 = any(steps))");
        find.Parameters.AddWithValue(step);
        return (bool)(await find.ExecuteScalarAsync())!;
    }
}
