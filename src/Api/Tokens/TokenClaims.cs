using System.Text.Json;
using Saga.Contracts.Tokens;

namespace Saga.Api.Tokens;

/// <summary>The claims of a token with a valid signature: the caller, its roles and organisations, and the expiry.</summary>
internal sealed record TokenClaims(string Subject, IReadOnlyList<string> Roles, IReadOnlyList<TokenOrganization> Organizations, DateTimeOffset Expires)
{
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);

    /// <param name="error">A message that may be shown to the caller; null if the claims are valid.</param>
    public static TokenClaims? Judge(byte[] payload, AuthOptions options, DateTimeOffset now, out string? error)
    {
        var found = JwsSignature.Object(payload);
        error = found is { } claims ? Error(claims, options, now) : "The token's claims are not a JSON object.";
        if (error is not null)
            return null;
        return new(JwsSignature.Text(found!.Value, "sub")!, RolesOf(found.Value), OrganizationClaim.Read(found.Value), Time(found.Value, "exp")!.Value);
    }

    private static string? Error(JsonElement claims, AuthOptions options, DateTimeOffset now)
    {
        if (JwsSignature.Text(claims, "iss") != options.Authority)
            return "The token is from another issuer.";
        if (!IsFor(claims, options.Audience))
            return "The token is for another audience.";
        if (Time(claims, "exp") is not { } expires)
            return "The token has no expiry.";
        if (expires + Skew <= now)
            return "The token has expired.";
        if (Lifetime(claims, expires, now) is not { } lifetime || lifetime > TimeSpan.FromMinutes(options.MaxTokenLifetimeMinutes) + Skew)
            return "The token is valid for longer than this API accepts, or was issued in the future.";
        if (!IsAccess(claims))
            return "The token is not an access token.";
        if (claims.TryGetProperty("nbf", out _) && !(Time(claims, "nbf") <= now + Skew))
            return "The token is not valid yet.";
        if (JwsSignature.Text(claims, "sub") is not { Length: >= 1 and <= 255 } subject || subject.Any(char.IsControl))
            return "The token has no subject.";
        return null;
    }

    // From its issue; a token that does not say when that was is judged by the time that is left.
    private static TimeSpan? Lifetime(JsonElement claims, DateTimeOffset expires, DateTimeOffset now)
    {
        if (!claims.TryGetProperty("iat", out _))
            return expires - now;
        return Time(claims, "iat") is { } issued && issued <= now + Skew ? expires - issued : null;
    }

    // ID and refresh tokens have the same issuer and keys. Keycloak tells them apart by typ, Cognito by token_use, and at_hash binds an
    // ID token to an access token (OpenID Connect Core, 3.1.3.6).
    private static bool IsAccess(JsonElement claims) =>
        Is(claims, "typ", "Bearer", "JWT", "at+jwt") && Is(claims, "token_use", "access") && !claims.TryGetProperty("at_hash", out _) && !claims.TryGetProperty("c_hash", out _);

    private static bool Is(JsonElement claims, string name, params ReadOnlySpan<string> allowed)
    {
        if (!claims.TryGetProperty(name, out var value))
            return true;
        if (value.ValueKind != JsonValueKind.String)
            return false;
        foreach (var word in allowed)
        {
            if (string.Equals(JwsSignature.Text(claims, name), word, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    private static bool IsFor(JsonElement claims, string audience) =>
        claims.TryGetProperty("aud", out var value) && (value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Any(v => Names(v, audience)) : Names(value, audience));

    private static bool Names(JsonElement value, string audience) => value.ValueKind == JsonValueKind.String && value.ValueEquals(audience);

    // Limited so that later arithmetic cannot overflow.
    private static DateTimeOffset? Time(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is >= 0 and < 200_000_000_000
            ? DateTimeOffset.UnixEpoch.AddSeconds(seconds)
            : null;

    private static IReadOnlyList<string> RolesOf(JsonElement claims)
    {
        IEnumerable<JsonElement> own = claims.TryGetProperty("roles", out var roles) ? Each(roles) : [];
        IEnumerable<JsonElement> realm =
            claims.TryGetProperty("realm_access", out var access) && access.ValueKind == JsonValueKind.Object && access.TryGetProperty("roles", out var named)
                ? Each(named)
                : [];
        return [.. own.Concat(realm).Where(r => r.ValueKind == JsonValueKind.String).SelectMany(r => Tokens.Roles.All.Where(known => r.ValueEquals(known))).Distinct()];
    }

    private static IEnumerable<JsonElement> Each(JsonElement value) => value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [value];
}
