using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Saga.Tests.Support.Keycloak.Real;

/// <summary>A realm of a real Keycloak with this system's client, deleted at the end. The methods call the admin API as the server's administrator.</summary>
public sealed class RealRealm : IAsyncDisposable
{
    /// <summary>A client whose tokens the API accepts as an operator's.</summary>
    public const string OperatorClientId = "saga-operator";

    private const string ClientId = "saga-control-plane";
    private const string Audience = "saga";
    private const string OperatorRole = "platform-admin";
    private readonly RealKeycloak server;
    private string secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromMinutes(2) };

    private RealRealm(RealKeycloak server) => this.server = server;

    public string Name { get; } = $"saga-test-{Guid.NewGuid():n}";

    public string Url => server.Url;

    public string OperatorSecret => secret;

    public static async Task<RealRealm> CreateAsync(RealRealmOptions? options = null)
    {
        var realm = new RealRealm(await RealKeycloak.SharedAsync());
        await realm.ImportAsync(options ?? new());
        return realm;
    }

    /// <summary>Imports a whole realm, except its name. Its client for provisioning gets a secret from the server.</summary>
    public static async Task<RealRealm> ImportAsync(JsonObject representation)
    {
        var realm = new RealRealm(await RealKeycloak.SharedAsync());
        representation["realm"] = realm.Name;
        await realm.server.AloneAsync(async token =>
        {
            var (status, answer) = await realm.SendAsync(token, HttpMethod.Post, "realms", representation);
            return status == HttpStatusCode.Created ? status : throw new InvalidOperationException($"The realm was not imported ({(int)status}): {answer}");
        });
        var client = await realm.ClientAsync(ClientId);
        realm.secret = (await realm.RequireAsync(HttpMethod.Get, $"clients/{Id(client)}/client-secret"))!["value"]!.GetValue<string>();
        return realm;
    }

    /// <summary>The settings that make a process use this realm, by key.</summary>
    /// <param name="address">Keycloak's address, or that of a <see cref="KeycloakFront"/> before it.</param>
    public IReadOnlyDictionary<string, string?> Settings(string? address = null) => new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["Saga:Identity:Adapter"] = "keycloak",
        ["Saga:Identity:Keycloak:BaseUrl"] = address ?? Url,
        ["Saga:Identity:Keycloak:Realm"] = Name,
        ["Saga:Identity:Keycloak:ClientId"] = ClientId,
        ["Saga:Identity:Keycloak:ClientSecret"] = secret,
    };

    public async Task<IReadOnlyList<JsonObject>> OrganizationsAsync() => await ListAsync("organizations?briefRepresentation=false&max=1000");

    /// <summary>All users except service accounts.</summary>
    public async Task<IReadOnlyList<JsonObject>> UsersAsync() => await ListAsync("users?briefRepresentation=false&max=1000");

    /// <summary>The members' ids.</summary>
    public async Task<IReadOnlyList<string>> MembersAsync(string organizationId) => Ids(await ListAsync($"organizations/{organizationId}/members?max=1000"));

    /// <summary>Adds a user that was not created by provisioning.</summary>
    public async Task<string> AddUserAsync(string username, string email, bool enabled = true, bool verified = true)
    {
        await RequireAsync(HttpMethod.Post, "users", new JsonObject
        {
            ["username"] = username, ["email"] = email, ["firstName"] = "Ann", ["lastName"] = "Other", ["enabled"] = enabled, ["emailVerified"] = verified,
        });
        return (await ListAsync($"users?username={Uri.EscapeDataString(username)}&exact=true")).Select(Id).Single();
    }

    /// <summary>Grants the service account another role of the client realm-management. New tokens have it.</summary>
    public async Task GrantServiceAccountAsync(string role)
    {
        var user = (JsonObject)(await RequireAsync(HttpMethod.Get, $"clients/{Id(await ClientAsync(ClientId))}/service-account-user"))!;
        var management = Id(await ClientAsync("realm-management"));
        var known = await RequireAsync(HttpMethod.Get, $"clients/{management}/roles/{role}");
        await RequireAsync(HttpMethod.Post, $"users/{Id(user)}/role-mappings/clients/{management}", new JsonArray(known));
    }

    /// <summary>Grants the user a role of the realm, which is created.</summary>
    public async Task GrantNewRoleAsync(string userId, string role)
    {
        await RequireAsync(HttpMethod.Post, "roles", new JsonObject { ["name"] = role });
        await RequireAsync(HttpMethod.Post, $"users/{userId}/role-mappings/realm", new JsonArray(await RequireAsync(HttpMethod.Get, $"roles/{role}")));
    }

    /// <summary>Signs a user in, who has done everything that was required, and returns the claims of the access token.</summary>
    public async Task<JsonElement> SignInAsync(string clientId, string userId, string scope)
    {
        const string password = "a password of a test";
        var client = await ClientAsync(clientId);
        client["directAccessGrantsEnabled"] = true;
        await RequireAsync(HttpMethod.Put, $"clients/{Id(client)}", client);
        var user = (JsonObject)(await RequireAsync(HttpMethod.Get, $"users/{userId}"))!;
        (user["requiredActions"], user["emailVerified"], user["firstName"], user["lastName"]) = (new JsonArray(), true, "Ann", "Other");
        await RequireAsync(HttpMethod.Put, $"users/{userId}", user);
        await RequireAsync(HttpMethod.Put, $"users/{userId}/reset-password", new JsonObject { ["type"] = "password", ["value"] = password, ["temporary"] = false });
        using var form = new FormUrlEncodedContent(
        [
            new("grant_type", "password"), new("client_id", clientId), new("username", user["username"]!.GetValue<string>()), new("password", password), new("scope", scope),
        ]);
        using var answer = await http.PostAsync(new Uri($"{Url}/realms/{Name}/protocol/openid-connect/token"), form);
        var body = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"The user {userId} could not sign in ({(int)answer.StatusCode}): {body}");
        var token = JsonNode.Parse(body)!["access_token"]!.GetValue<string>();
        using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[1]));
        return claims.RootElement.Clone();
    }

    /// <summary>Sets one field of a resource to false, and keeps the others.</summary>
    public async Task SwitchOffAsync(string path, string field)
    {
        var all = (JsonObject)(await RequireAsync(HttpMethod.Get, path))!;
        all[field] = false;
        await RequireAsync(HttpMethod.Put, path, all);
    }

    public Task RemoveAsync(string path) => RequireAsync(HttpMethod.Delete, path);

    /// <summary>Changes settings of the realm itself.</summary>
    public Task ChangeAsync(JsonObject changes) => RequireAsync(HttpMethod.Put, "", changes);

    public async ValueTask DisposeAsync()
    {
        await server.AloneAsync(token => SendAsync(token, HttpMethod.Delete, $"realms/{Name}", null));
        http.Dispose();
    }

    public static string Id(JsonObject representation) => representation["id"]!.GetValue<string>();

    public static IReadOnlyList<string> Ids(IEnumerable<JsonObject> representations) => [.. representations.Select(Id)];

    // One call, because each change of a realm's roles makes the server work for a while.
    private Task ImportAsync(RealRealmOptions options) => server.AloneAsync(async token =>
    {
        var profile = options.UnmanagedUserAttributes
            ? """{"attributes":[{"name":"username"},{"name":"email"},{"name":"firstName"},{"name":"lastName"}],"unmanagedAttributePolicy":"ADMIN_EDIT"}"""
            : null;
        var realm = new JsonObject
        {
            ["realm"] = Name,
            ["enabled"] = true,
            ["sslRequired"] = "none",
            ["organizationsEnabled"] = options.OrganizationsEnabled,
            ["defaultSignatureAlgorithm"] = "ES256",
            ["roles"] = new JsonObject { ["realm"] = new JsonArray(new JsonObject { ["name"] = OperatorRole }) },
            ["clients"] = new JsonArray(Client(ClientId, audience: null), Client(OperatorClientId, Audience)),
            ["users"] = new JsonArray(
                ServiceAccount(ClientId, "clientRoles", new JsonObject { ["realm-management"] = new JsonArray([.. options.ServiceAccountRoles.Select(r => JsonValue.Create(r))]) }),
                ServiceAccount(OperatorClientId, "realmRoles", new JsonArray(OperatorRole))),
        };
        // A realm without keys gets two RSA keys, which take the server longer than the rest of the import.
        var components = new JsonObject
        {
            ["org.keycloak.keys.KeyProvider"] = new JsonArray(Key("ecdsa-generated"), Key("hmac-generated", "HS512"), Key("aes-generated")),
        };
        if (profile is not null)
        {
            components["org.keycloak.userprofile.UserProfileProvider"] = new JsonArray(new JsonObject
            {
                ["providerId"] = "declarative-user-profile",
                ["config"] = new JsonObject { ["kc.user.profile.config"] = new JsonArray(profile) },
            });
        }

        realm["components"] = components;
        var (status, answer) = await SendAsync(token, HttpMethod.Post, "realms", realm);
        return status == HttpStatusCode.Created ? status : throw new InvalidOperationException($"The realm {Name} was not created ({(int)status}): {answer}");
    });

    private JsonObject Client(string id, string? audience)
    {
        var client = new JsonObject
        {
            ["clientId"] = id, ["secret"] = secret, ["protocol"] = "openid-connect", ["enabled"] = true, ["publicClient"] = false,
            ["serviceAccountsEnabled"] = true, ["standardFlowEnabled"] = false, ["directAccessGrantsEnabled"] = false,
        };
        if (audience is not null)
        {
            client["protocolMappers"] = new JsonArray(new JsonObject
            {
                ["name"] = "audience", ["protocol"] = "openid-connect", ["protocolMapper"] = "oidc-audience-mapper",
                ["config"] = new JsonObject { ["included.custom.audience"] = audience, ["access.token.claim"] = "true", ["id.token.claim"] = "false" },
            });
        }

        return client;
    }

    private static JsonObject ServiceAccount(string client, string kind, JsonNode roles) => new()
    {
        ["username"] = $"service-account-{client}", ["enabled"] = true, ["serviceAccountClientId"] = client, [kind] = roles,
    };

    private static JsonObject Key(string provider, string? algorithm = null)
    {
        var config = new JsonObject { ["priority"] = new JsonArray("100") };
        if (algorithm is not null)
            config["algorithm"] = new JsonArray(algorithm);
        return new JsonObject { ["name"] = provider, ["providerId"] = provider, ["config"] = config };
    }

    private async Task<JsonObject> ClientAsync(string clientId) => (await ListAsync($"clients?clientId={clientId}")).Single();

    private async Task<IReadOnlyList<JsonObject>> ListAsync(string path) =>
        [.. ((JsonArray)(await RequireAsync(HttpMethod.Get, path))!).Select(i => i!.AsObject())];

    private async Task<JsonNode?> RequireAsync(HttpMethod method, string path, JsonNode? body = null)
    {
        var (status, answer) = await SendAsync(await server.TokenAsync(), method, $"realms/{Name}/{path}".TrimEnd('/'), body);
        if ((int)status is < 200 or > 299)
            throw new InvalidOperationException($"{method} {path}: {(int)status} {answer}");
        return answer.Length == 0 ? null : JsonNode.Parse(answer);
    }

    private async Task<(HttpStatusCode Status, string Body)> SendAsync(string token, HttpMethod method, string path, JsonNode? body)
    {
        using var request = new HttpRequestMessage(method, $"{server.Url}/admin/{path}")
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
            Content = body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        using var answer = await http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
