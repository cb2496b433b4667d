using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd;

/// <summary>The Api of a site, as a process of its own, and a platform administrator who calls it.</summary>
internal sealed class SiteApi : IAsyncDisposable
{
    private readonly TestIssuer issuer;
    private readonly ProgramProcess process;

    private SiteApi(TestIssuer issuer, ProgramProcess process, HttpClient http) => (this.issuer, this.process, Http) = (issuer, process, http);

    public HttpClient Http { get; }

    public static async Task<SiteApi> StartAsync(Site site)
    {
        var tokens = await TestIssuer.StartAsync();
        var address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePorts.Next()}");
        var http = new HttpClient { BaseAddress = new Uri(address) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", tokens.Token("platform-admin"));
        var api = new SiteApi(tokens, new ProgramProcess("Saga.Api", Settings(site, tokens), "--urls", address), http);
        await Until.TrueAsync(api.IsReadyAsync, "the Api is ready", TimeSpan.FromSeconds(90));
        return api;
    }

    /// <summary>Posts a command and waits until its operation has come to rest.</summary>
    /// <param name="path">With a leading slash.</param>
    /// <param name="body">Serialised as JSON.</param>
    /// <param name="state">The state that the operation must end in.</param>
    /// <returns>The operation.</returns>
    public Task<JsonElement> EndedAsync(string path, object body, string state = "completed") => Http.EndedAsync(path, body, state);

    /// <summary>Posts a command and does not wait for its operation.</summary>
    /// <returns>The operation as it was accepted.</returns>
    public async Task<JsonElement> AcceptedAsync(string path, object body)
    {
        using var accepted = await Http.PostAsJsonAsync(path, body);
        accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted, $"{path}: {await accepted.Content.ReadAsStringAsync()}");
        return await accepted.Content.ReadFromJsonAsync<JsonElement>();
    }

    public Task<JsonElement> GetAsync(string path) => Http.ShowAsync(path);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        process.Dispose();
        await issuer.DisposeAsync();
    }

    private static Dictionary<string, string?> Settings(Site site, TestIssuer tokens) => new(site.Settings, StringComparer.OrdinalIgnoreCase)
    {
        ["Saga:Registry:ConnectionString"] = ProgramLogins.On(site.Settings["Saga:Registry:ConnectionString"]!, ProgramLogins.Api),
        ["Saga:Auth:Authority"] = tokens.Authority,
        ["Saga:Auth:Audience"] = TestIssuer.Audience,
        ["Saga:Auth:RequireHttps"] = "false",
    };

    private async Task<bool> IsReadyAsync()
    {
        process.HasExited.ShouldBeFalse(process.Errors + process.Output);
        try
        {
            using var answer = await Http.GetAsync(new Uri("/health/ready", UriKind.Relative));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
