using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Saga.Tests.Support.Keycloak;

/// <summary>
/// Makes the recorded calls of one case to a stub, and compares the responses: status, Location, and body. Not compared are times, what
/// the caller may do with a user, and the texts of errors, of which only the format counts (after a race not even that: it depends on the
/// moment). Empty and missing fields are the same.
/// </summary>
public sealed partial class KeycloakReplay : IAsyncDisposable
{
    // Does not escape the brackets of an id.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly string[] NotCompared = ["createdTimestamp", "access", "containerId"];
    private readonly KeycloakStub stub;
    private readonly HttpClient http = new();
    private readonly Dictionary<string, string> ids = new(StringComparer.Ordinal);
    private string token = "";

    private KeycloakReplay(KeycloakStub stub) => this.stub = stub;

    public static async Task<KeycloakReplay> StartAsync(IReadOnlyList<RecordedCall> calls)
    {
        // The settings of the realm in which the case was recorded.
        var name = calls[0].Case;
        var replay = new KeycloakReplay(await KeycloakStub.StartAsync(new KeycloakStubOptions
        {
            OrganizationsEnabled = !name.Contains("while_organisations_are_off", StringComparison.Ordinal),
            UnmanagedUserAttributes = !name.Contains("Should_drop_unknown_attributes", StringComparison.Ordinal),
            Smtp = name.Contains("Should_answer_204_to_a_mail", StringComparison.Ordinal) || name.Contains("Should_answer_400_to_a_mail", StringComparison.Ordinal),
            ServiceAccountRoles = ["manage-realm", "manage-users", "manage-organizations"],
        }));
        replay.AddUsers(calls);
        await replay.SignInAsync();
        return replay;
    }

    /// <returns>In what the responses differ.</returns>
    public async Task<IReadOnlyList<string>> CompareAsync(RecordedCall call)
    {
        using var request = new HttpRequestMessage(new HttpMethod(call.Method), stub.BaseUrl + Known(call.Url));
        if (call.Caller == "service")
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        else if (call.Caller is not ("open" or "no token"))
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "not-issued-by-the-stub");
        if (call.Body is { } body)
        {
            var text = Known(body is JsonValue value && value.TryGetValue<string>(out var raw) ? raw : body.ToJsonString(Plain));
            request.Content = new StringContent(text, Encoding.UTF8, call.Url.EndsWith("/token", StringComparison.Ordinal) ? "application/x-www-form-urlencoded" : "application/json");
        }

        using var response = await http.SendAsync(request);
        var answer = await response.Content.ReadAsStringAsync();
        var differences = new List<string>();
        if ((int)response.StatusCode != call.Status)
            differences.Add($"status {(int)response.StatusCode} instead of {call.Status}");
        if (call.Status == 201 && call.Location is { } location)
            Learn(location.Split('/')[^1], response.Headers.Location?.OriginalString.Split('/')[^1], "Location", differences);
        if (differences.Count == 0 && !(call.Status >= 400 && RecordedCalls.IsRace(call.Case)))
            Compare(call.Answer, answer.Length == 0 ? null : JsonNode.Parse(answer), "$", call.Status >= 400, differences);
        return [.. differences.Select(d => $"{call.Method} {call.Url}: {d}. The stub's answer: {answer}")];
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await stub.DisposeAsync();
    }

    private async Task SignInAsync()
    {
        using var form = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("client_id", stub.Options.ClientId), new("client_secret", stub.Options.ClientSecret)]);
        using var response = await http.PostAsync(new Uri($"{stub.BaseUrl}/realms/{stub.Options.Realm}/protocol/openid-connect/token"), form);
        token = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["access_token"]!.GetValue<string>();
    }

    // The users that were there before the first recorded call: those who become members, or are shown, without having been created.
    private void AddUsers(IReadOnlyList<RecordedCall> calls)
    {
        var shown = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var user in calls.SelectMany(c => Objects(c.Answer)).Where(o => o["username"] is not null && o["id"] is not null))
            shown.TryAdd(user["id"]!.GetValue<string>(), user);
        var there = calls.Where(c => c.Method == "POST" && c.Url.EndsWith("/members", StringComparison.Ordinal) && c.Status is 201 or 409).Select(c => c.Body?.ToString().Trim() ?? "")
            .Concat(calls.Where(c => c.Status != 404).Select(c => UserPath().Match(c.Url)).Where(m => m.Success).Select(m => m.Groups["id"].Value))
            .Concat(calls.Where(c => c is { Method: "GET", Status: 200 } && c.Url.Contains("/organizations/members/", StringComparison.Ordinal)).Select(c => Ids().Match(c.Url).Value))
            .Concat(shown.Keys).Where(id => Ids().IsMatch(id)).Distinct(StringComparer.Ordinal)
            .Except(calls.Where(c => c is { Method: "POST", Status: 201 } && c.Url.EndsWith("/users", StringComparison.Ordinal)).Select(c => c.Location!.Split('/')[^1]), StringComparer.Ordinal);
        foreach (var id in there.ToList())
        {
            var user = shown.GetValueOrDefault(id);
            ids[id] = Guid.NewGuid().ToString();
            stub.Add(new StubUser
            {
                Id = ids[id],
                // Those that are never shown were set up like this.
                Username = user?["username"]?.GetValue<string>() ?? (ids.Count == 1 ? "ann" : $"ann{ids.Count}"),
                Email = user is null ? "ann@acme.example" : user["email"]?.GetValue<string>(),
                FirstName = user?["firstName"]?.GetValue<string>(),
                LastName = user?["lastName"]?.GetValue<string>(),
                EmailVerified = user?["emailVerified"]?.GetValue<bool>() ?? false,
            });
        }
    }

    private string Known(string text) => Ids().Replace(text, m => ids.TryGetValue(m.Value, out var id) ? id : ids[m.Value] = Guid.NewGuid().ToString())
        .Replace("{realm}", stub.Options.Realm, StringComparison.Ordinal).Replace("{base}", stub.BaseUrl, StringComparison.Ordinal);

    private void Learn(string recorded, string? actual, string where, List<string> differences)
    {
        if (ids.TryAdd(recorded, actual ?? "") || ids[recorded] == actual)
            return;
        differences.Add($"{where} is '{actual}' instead of '{ids[recorded]}'");
    }

    private void Compare(JsonNode? recorded, JsonNode? actual, string where, bool refusal, List<string> differences)
    {
        if (IsEmpty(recorded) && IsEmpty(actual))
            return;
        switch (recorded, actual)
        {
            case (JsonObject one, JsonObject other):
                foreach (var name in one.Select(f => f.Key).Union(other.Select(f => f.Key), StringComparer.Ordinal).Except(NotCompared, StringComparer.Ordinal))
                {
                    if (!refusal)
                        Compare(one[name], other[name], $"{where}.{name}", false, differences);
                    else if (one.ContainsKey(name) != other.ContainsKey(name))
                        differences.Add($"{where}.{name} is there in one of them only");
                }

                break;
            case (JsonArray one, JsonArray other) when one.Count == other.Count:
                for (var i = 0; i < one.Count; i++)
                    Compare(one[i], other[i], $"{where}[{i}]", refusal, differences);
                break;
            case (JsonValue one, JsonValue other) when Ids().Match(one.ToString()) is { Success: true } id && id.Value == one.ToString():
                Learn(id.Value, other.ToString(), where, differences);
                break;
            case (JsonValue one, JsonValue other) when Known(one.ToString()) == other.ToString():
                break;
            default:
                differences.Add($"{where} is {actual?.ToJsonString() ?? "missing"} instead of {recorded?.ToJsonString() ?? "missing"}");
                break;
        }
    }

    private static bool IsEmpty(JsonNode? node) => node is null or JsonObject { Count: 0 } or JsonArray { Count: 0 };

    private static IEnumerable<JsonObject> Objects(JsonNode? node) => node switch
    {
        JsonObject one => [one],
        JsonArray many => many.OfType<JsonObject>(),
        _ => [],
    };

    [GeneratedRegex("<id-[0-9]+>", RegexOptions.None, 1000)]
    private static partial Regex Ids();

    [GeneratedRegex("/users/(?<id><id-[0-9]+>)", RegexOptions.None, 1000)]
    private static partial Regex UserPath();
}
