using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Saga.Tests.Support;

/// <summary>An OIDC issuer with discovery, replaceable keys, and tokens of any kind, including invalid ones.</summary>
public sealed class TestIssuer : IAsyncDisposable
{
    public const string Audience = "saga-api";
    private readonly WebApplication server;
    private int keyReads;

    private TestIssuer(WebApplication server) => this.server = server;

    public string Authority => server.Urls.First();

    /// <summary>The private keys, by key id; the public ones are published.</summary>
    public Dictionary<string, (SecurityKey Key, string Algorithm)> Keys { get; } = new(StringComparer.Ordinal)
    {
        ["rsa"] = (new RsaSecurityKey(RSA.Create(2048)) { KeyId = "rsa" }, "RS256"),
        ["pss"] = (new RsaSecurityKey(RSA.Create(2048)) { KeyId = "pss" }, "PS256"),
        ["ec"] = (new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = "ec" }, "ES256"),
    };

    public int KeyReads => keyReads;

    public bool Down { get; set; }

    /// <summary>The issuer in the discovery document, if it should be wrong.</summary>
    public string? Pretends { get; set; }

    /// <summary>The key address in the discovery document, if it should be wrong.</summary>
    public string? KeysAt { get; set; }

    public static async Task<TestIssuer> StartAsync()
    {
        // Each would watch for changes of settings files, and Linux allows a user 128 watchers.
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var issuer = new TestIssuer(app);
        app.MapGet("/.well-known/openid-configuration", () => issuer.Down
            ? Results.StatusCode(503)
            : Results.Json(new { issuer = issuer.Pretends ?? issuer.Authority, jwks_uri = issuer.KeysAt ?? issuer.Authority + "/keys" }));
        app.MapGet("/keys", () =>
        {
            Interlocked.Increment(ref issuer.keyReads);
            return Results.Json(new { keys = issuer.Keys.Select(k => issuer.Published(k.Key)).ToArray() });
        });
        await app.StartAsync();
        return issuer;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    public JsonObject Claims(params string[] roles) => new()
    {
        ["iss"] = Authority,
        ["aud"] = Audience,
        ["sub"] = "ada",
        ["exp"] = Now(300),
        ["roles"] = new JsonArray([.. roles.Select(r => (JsonNode)r)]),
    };

    public string Token(params string[] roles) => Sign(Claims(roles));

    /// <summary>A token signed by the library's own writer, not by the code under test.</summary>
    public string Sign(JsonObject claims, string key = "rsa", Dictionary<string, object>? header = null) => new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }
        .CreateToken(claims.ToJsonString(), new SigningCredentials(Keys[key].Key, Keys[key].Algorithm), header ?? []);

    public static long Now(int seconds) => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + seconds;

    private Dictionary<string, string> Published(string id)
    {
        var (key, algorithm) = Keys[id];
        var jwk = JsonWebKeyConverter.ConvertFromSecurityKey(key);
        var published = new Dictionary<string, string> { ["kid"] = id, ["kty"] = jwk.Kty, ["alg"] = algorithm, ["use"] = "sig" };
        foreach (var (name, value) in new[] { ("n", jwk.N), ("e", jwk.E), ("crv", jwk.Crv), ("x", jwk.X), ("y", jwk.Y) })
        {
            if (value is not null)
                published[name] = value;
        }

        return published;
    }
}
