using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Saga.Tests.Support;

namespace Saga.Tests.Integration.Host;

/// <summary>The API of a running host in mode embedded, as the issuer's client saga-admin.</summary>
internal static class HostApi
{
    public static async Task<HttpClient> SignInAsync(HostProcess host)
    {
        var api = new HttpClient { BaseAddress = new Uri((await host.SaysAsync("Saga is up")).Split(' ')[3]) };
        using var form = new FormUrlEncodedContent(
        [
            new("grant_type", "client_credentials"), new("client_id", "saga-admin"),
            new("client_secret", await File.ReadAllTextAsync(Path.Combine(host.Folder, "identity", "saga-admin.secret"))),
        ]);
        using var answer = await api.PostAsync(new Uri("/identity/token", UriKind.Relative), form);
        var token = await answer.Content.ReadFromJsonAsync<JsonElement>();
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.GetProperty("access_token").GetString());
        return api;
    }

    /// <summary>Asks for a tenant.</summary>
    /// <param name="isolation">Null for the plan's default.</param>
    public static Task<HttpResponseMessage> PostTenantAsync(this HttpClient api, string slug, string plan, string? isolation = null)
    {
        var command = new Dictionary<string, string>(StringComparer.Ordinal) { ["name"] = slug, ["slug"] = slug, ["plan"] = plan, ["adminEmail"] = $"admin@{slug}.example" };
        if (isolation is not null)
            command["isolation"] = isolation;
        return api.PostAsJsonAsync("/api/v1/tenants", command);
    }
}
