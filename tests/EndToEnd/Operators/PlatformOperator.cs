using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Saga.Tests.Support;
using Shouldly;

namespace Saga.Tests.EndToEnd.Operators;

/// <summary>Somebody who has only the API and a runbook, and whose calls are counted.</summary>
internal sealed partial class PlatformOperator(HttpClient http, string tenant)
{
    private readonly List<string> calls = [];

    /// <summary>Each as it is in a runbook, such as <c>GET /api/v1/operations/{id}</c>.</summary>
    public IReadOnlyList<string> Calls => calls;

    public Task<JsonElement> GetAsync(string path)
    {
        Count("GET", path);
        return http.ShowAsync(path);
    }

    public async Task<JsonElement> PostAsync(string path, object? body)
    {
        Count("POST", path);
        using var response = await http.PostAsJsonAsync(path, body);
        var text = await response.Content.ReadAsStringAsync();
        response.IsSuccessStatusCode.ShouldBeTrue($"{path}: {text}");
        return JsonElement.Parse(text);
    }

    /// <summary>Looks at an operation until it has come to rest.</summary>
    public Task<JsonElement> FollowAsync(string path, string state = "completed") =>
        FollowAsync(path, seen => seen.GetProperty("state").GetString() is "completed" or "compensated" or "stalled" or "cancelled", state);

    public async Task<JsonElement> FollowAsync(string path, Func<JsonElement, bool> isAtRest, string state)
    {
        Count("GET", path);
        var last = default(JsonElement);
        await Until.TrueAsync(async () => isAtRest(last = await http.ShowAsync(path)), $"{path} comes to rest", TimeSpan.FromSeconds(30));
        last.GetProperty("state").GetString().ShouldBe(state, last.ToString());
        return last;
    }

    private void Count(string method, string path) => calls.Add($"{method} {Id().Replace(path, "{id}").Replace($"/tenants/{tenant}", "/tenants/{tenant}", StringComparison.Ordinal)}");

    [GeneratedRegex("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Id();
}
