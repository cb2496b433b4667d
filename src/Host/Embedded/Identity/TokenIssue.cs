using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Saga.Contracts;

namespace Saga.Host.Embedded.Identity;

/// <summary>Issues signed access tokens. Thread-safe.</summary>
internal sealed class TokenIssue(SigningKeys keys, IOptions<EmbeddedIssuerOptions> options, TimeProvider time)
{
    /// <returns>A JWS (RS256) and its lifetime in seconds.</returns>
    public (string Token, int Seconds) For(string client, IReadOnlyList<string> roles)
    {
        var settings = options.Value;
        var life = TimeSpan.FromMinutes(settings.TokenLifetimeMinutes);
        var now = time.GetUtcNow();
        var (kid, sign) = keys.Signer();
        var head = Part(new { alg = "RS256", typ = "JWT", kid });
        var claims = Part(new
        {
            iss = settings.Issuer,
            aud = settings.Audience,
            sub = client,
            azp = client,
            client_id = client,
            jti = Guid.NewGuid(),
            iat = now.ToUnixTimeSeconds(),
            nbf = now.ToUnixTimeSeconds(),
            exp = (now + life).ToUnixTimeSeconds(),
            roles,
            realm_access = new { roles },
        });
        var signed = $"{head}.{claims}";
        return ($"{signed}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(signed)))}", (int)life.TotalSeconds);
    }

    private static string Part(object content) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(content, Json.Options));
}
