using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Saga.Contracts;
using Saga.Contracts.Tokens;

namespace Saga.Host.Embedded.Identity;

/// <summary>Issues signed access tokens. Thread-safe.</summary>
internal sealed class TokenIssue(SigningKeys keys, IOptions<EmbeddedIssuerOptions> options, TimeProvider time)
{
    /// <returns>A JWS (RS256) and its lifetime in seconds.</returns>
    /// <param name="client">The client, which is also the subject when there is no person.</param>
    /// <param name="person">The user for whom the client speaks, and the user's organisations.</param>
    public (string Token, int Seconds) For(IssuerClient client, (string UserId, IReadOnlyList<TokenOrganization> Organizations)? person = null)
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
            sub = person?.UserId ?? client.Id,
            azp = client.Id,
            client_id = client.Id,
            jti = Guid.NewGuid(),
            iat = now.ToUnixTimeSeconds(),
            nbf = now.ToUnixTimeSeconds(),
            exp = (now + life).ToUnixTimeSeconds(),
            roles = client.Roles,
            realm_access = new { roles = client.Roles },
            email = person is null ? null : client.User,
            // Like Keycloak's mappers with ids and groups: absent without organisations.
            organization = person is { Organizations.Count: > 0 } member
                ? member.Organizations.ToDictionary(o => o.Alias, o => new { id = o.Id, groups = o.Groups }, StringComparer.Ordinal)
                : null,
        });
        var signed = $"{head}.{claims}";
        return ($"{signed}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(signed)))}", (int)life.TotalSeconds);
    }

    private static string Part(object content) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(content, Json.Options));
}
