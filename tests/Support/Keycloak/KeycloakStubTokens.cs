using System.Security.Cryptography;
using Microsoft.Extensions.Primitives;

namespace Saga.Tests.Support.Keycloak;

/// <summary>The token endpoint, and the tokens it has issued.</summary>
internal sealed class KeycloakStubTokens(KeycloakStubOptions options)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, DateTimeOffset> given = [];

    public int Given { get; private set; }

    public StubAnswer Issue(IReadOnlyDictionary<string, StringValues> form)
    {
        if (form.GetValueOrDefault("grant_type") != "client_credentials")
            throw KeycloakRefusal.Coded(400, "unsupported_grant_type", "Unsupported grant_type");
        if (form.GetValueOrDefault("client_id") != options.ClientId || form.GetValueOrDefault("client_secret") != options.ClientSecret)
            throw KeycloakRefusal.Coded(401, "unauthorized_client", "Invalid client or Invalid client credentials");
        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        lock (gate)
        {
            given[token] = options.Time.GetUtcNow() + options.TokenLifetime;
            Given++;
        }

        // There is no refresh token for client credentials.
        return StubAnswer.Ok(new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["access_token"] = token,
            ["expires_in"] = (int)options.TokenLifetime.TotalSeconds,
            ["refresh_expires_in"] = 0,
            ["token_type"] = "Bearer",
            ["not-before-policy"] = 0,
            ["scope"] = "profile email",
        });
    }

    public bool Accepts(string? authorization)
    {
        lock (gate)
            return authorization is not null && authorization.StartsWith("Bearer ", StringComparison.Ordinal)
                && given.TryGetValue(authorization["Bearer ".Length..], out var until) && options.Time.GetUtcNow() < until;
    }

    public void RevokeAll()
    {
        lock (gate)
            given.Clear();
    }
}
