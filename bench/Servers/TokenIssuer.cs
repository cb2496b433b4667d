using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Saga.Bench.Servers;

/// <summary>An OIDC issuer with one key, for the tokens of the bench's own calls.</summary>
internal sealed class TokenIssuer : IAsyncDisposable
{
    public const string Audience = "saga-api";
    private readonly RSA key = RSA.Create(2048);
    private readonly WebApplication server;

    private TokenIssuer(WebApplication server) => this.server = server;

    public string Authority => server.Urls.First();

    public static async Task<TokenIssuer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var issuer = new TokenIssuer(builder.Build());
        var published = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(issuer.key.ExportParameters(false)));
        issuer.server.MapGet("/.well-known/openid-configuration", () => Results.Json(new { issuer = issuer.Authority, jwks_uri = issuer.Authority + "/keys" }));
        issuer.server.MapGet("/keys", () => Results.Json(new { keys = new[] { new { kid = "bench", kty = "RSA", alg = "RS256", use = "sig", n = published.N, e = published.E } } }));
        await issuer.server.StartAsync();
        return issuer;
    }

    /// <summary>An administrator's token, good for hours.</summary>
    public string Token(TimeProvider time)
    {
        var claims = new JsonObject
        {
            ["iss"] = Authority,
            ["aud"] = Audience,
            ["sub"] = "bench",
            ["exp"] = time.GetUtcNow().AddHours(6).ToUnixTimeSeconds(),
            ["roles"] = new JsonArray("platform-admin"),
        };
        return new JsonWebTokenHandler().CreateToken(claims.ToJsonString(), new SigningCredentials(new RsaSecurityKey(key) { KeyId = "bench" }, SecurityAlgorithms.RsaSha256));
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        key.Dispose();
    }
}
