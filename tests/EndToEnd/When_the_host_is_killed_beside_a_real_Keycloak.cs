using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Saga.Tests.Support;
using Saga.Tests.Support.Keycloak.Real;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd;

/// <summary>The host in mode local with a real Keycloak, killed (SIGKILL) after calls that change the realm.</summary>
[Collection(Alone.Name)]
public sealed class When_the_host_is_killed_beside_a_real_Keycloak : IDisposable
{
    private static readonly (string Method, string Route)[] Kills = [("POST", "organizations"), ("POST", "organizations/{org-id}/members")];
    private readonly string folder = HostProcess.NewFolder();

    [Fact]
    [InTurn(3, of: 6)]
    public async Task Should_give_every_tenant_one_organisation_and_one_administrator()
    {
        var missing = await RealKeycloak.MissingAsync();
        Assert.SkipWhen(missing is not null, missing ?? "");
        await using var realm = await RealRealm.CreateAsync();
        await using var front = await KeycloakFront.StartAsync(realm);
        (string Slug, string Plan)[] tenants = [("row", "basic"), ("schema", "premium"), ("database", "enterprise")];
        var host = Start(front);
        using (var api = await SignInAsync(host, front, realm))
        {
            foreach (var (slug, plan) in tenants)
            {
                using var accepted = await api.PostAsJsonAsync(
                    "/api/v1/tenants", new { name = $"Tenant {slug}", slug = $"tenant-{slug}", plan, adminEmail = $"ada@{slug}.example", domain = plan == "basic" ? null : $"{slug}.example" });
                accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted, await accepted.Content.ReadAsStringAsync());
            }
        }

        foreach (var (method, route) in Kills)
        {
            await host.UntilAsync(() => Task.FromResult(front.Calls.Any(c => c.Method == method && c.Route == route)), $"{method} {route}", TimeSpan.FromMinutes(4));
            await host.KillAsync();
            await host.DisposeAsync();
            host = Start(front);
        }

        using (var api = await SignInAsync(host, front, realm))
        {
            await host.UntilAsync(async () => await ActiveAsync(api) == tenants.Length, "all tenants are active", TimeSpan.FromMinutes(4));
        }

        (await host.TerminateAsync()).ShouldBe(0);
        await host.DisposeAsync();
        var users = await realm.UsersAsync();
        users.Select(u => u["email"]!.GetValue<string>()).Order(StringComparer.Ordinal).ShouldBe(tenants.Select(t => $"ada@{t.Slug}.example").Order(StringComparer.Ordinal));
        var members = new List<string>();
        foreach (var organization in await realm.OrganizationsAsync())
            members.Add((await realm.MembersAsync(RealRealm.Id(organization))).ShouldHaveSingleItem());
        members.Order(StringComparer.Ordinal).ShouldBe(RealRealm.Ids(users).Order(StringComparer.Ordinal));
        front.Violations.ShouldBeEmpty();
        HostProcess.ProcessesOf(folder).ShouldBeEmpty();
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private HostProcess Start(KeycloakFront front) => HostProcess.Start(
        folder, ["--Saga:Mode=local", "--Saga:Demo:Enabled=false", "--Saga:Workers:LeaseSeconds=5", .. front.Settings.Select(s => $"--{s.Key}={s.Value}")]);

    private static async Task<HttpClient> SignInAsync(HostProcess host, KeycloakFront front, RealRealm realm)
    {
        var api = new HttpClient { BaseAddress = new Uri((await host.SaysAsync("Saga is up")).Split(' ')[3]), Timeout = TimeSpan.FromMinutes(1) };
        using var form = new FormUrlEncodedContent(
            [new("grant_type", "client_credentials"), new("client_id", RealRealm.OperatorClientId), new("client_secret", realm.OperatorSecret)]);
        using var answer = await api.PostAsync(new Uri($"{front.Settings["Saga:Identity:Keycloak:BaseUrl"]}/realms/{realm.Name}/protocol/openid-connect/token"), form);
        var token = await answer.Content.ReadFromJsonAsync<JsonElement>();
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.GetProperty("access_token").GetString());
        return api;
    }

    private static async Task<int> ActiveAsync(HttpClient api) =>
        (await api.GetFromJsonAsync<JsonElement>("/api/v1/tenants?status=active")).GetProperty("items").GetArrayLength();
}
