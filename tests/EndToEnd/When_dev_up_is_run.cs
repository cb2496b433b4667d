using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd;

/// <summary>The README's first ten minutes.</summary>
[Collection(Alone.Name)]
public sealed class When_dev_up_is_run : IDisposable
{
    private readonly string folder = HostProcess.NewFolder();

    [Fact]
    public async Task Should_give_a_demo_tenant_then_another_and_leave_nothing_running()
    {
        await using var host = HostProcess.DevUp(folder);
        await host.SaysAsync("The tenant 'demo' is active after");
        using var api = await SignInAsync((await host.SaysAsync("Saga is up")).Split(' ')[3]);

        using var accepted = await api.PostAsJsonAsync("/api/v1/tenants", new { name = "Acme", slug = "acme", plan = "premium", adminEmail = "ada@acme.example" });
        accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        // The stream ends with the operation.
        var events = await api.GetStringAsync(accepted.Headers.Location + "/events");
        events.ShouldContain("event: completed");

        var tenants = await api.GetFromJsonAsync<JsonElement>("/api/v1/tenants?status=active&sort=slug");
        tenants.GetProperty("items").EnumerateArray().Select(t => (t.GetProperty("slug").GetString(), t.GetProperty("isolation").GetString()))
            .ShouldBe([("acme", "schema"), ("demo", "database")]);
        Directory.GetFiles(Path.Combine(folder, "mail"), "*.eml").Length.ShouldBe(2);
        (await host.InterruptAsync()).ShouldBe(0);
        HostProcess.ProcessesOf(folder).ShouldBeEmpty();
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private async Task<HttpClient> SignInAsync(string address)
    {
        var api = new HttpClient { BaseAddress = new Uri(address) };
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = "saga-admin",
            ["client_secret"] = await File.ReadAllTextAsync(Path.Combine(folder, "identity", "saga-admin.secret")),
        });
        using var answer = await api.PostAsync(new Uri("/identity/token", UriKind.Relative), form);
        var token = await answer.Content.ReadFromJsonAsync<JsonElement>();
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.GetProperty("access_token").GetString());
        return api;
    }
}
