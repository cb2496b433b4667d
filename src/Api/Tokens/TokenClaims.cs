using System.Text.Json;

namespace Saga.Api.Tokens;

/// <summary>What a token says, after its signature was found good: who calls, in which roles, until when.</summary>
internal sealed record TokenClaims(string Subject, IReadOnlyList<string> Roles, DateTimeOffset Expires)
{
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);

    /// <param name="fault">In words that may be told to the caller; null when the result is not.</param>
    public static TokenClaims? Judge(byte[] payload, AuthOptions options, DateTimeOffset now, out string? fault)
    {
        var found = JwsSignature.Object(payload);
        fault = found is { } claims ? Fault(claims, options, now) : "The token's claims are not a JSON object.";
        if (fault is not null)
            return null;
        return new(JwsSignature.Text(found!.Value, "sub")!, RolesOf(found.Value), Time(found.Value, "exp")!.Value);
    }

    private static string? Fault(JsonElement claims, AuthOptions options, DateTimeOffset now)
    {
        if (JwsSignature.Text(claims, "iss") != options.Authority)
            return "The token is of another issuer.";
        if (!IsFor(claims, options.Audience))
            return "The token is for another audience.";
        if (Time(claims, "exp") is not { } expires)
            return "The token does not say when it expires.";
        if (expires + Skew <= now)
            return "The token has expired.";
        if (claims.TryGetProperty("nbf", out _) && !(Time(claims, "nbf") <= now + Skew))
            return "The token is not valid yet.";
        if (JwsSignature.Text(claims, "sub") is not { Length: >= 1 and <= 255 } subject || subject.Any(char.IsControl))
            return "The token names no subject.";
        return null;
    }

    private static bool IsFor(JsonElement claims, string audience) =>
        claims.TryGetProperty("aud", out var value) && (value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Any(v => Names(v, audience)) : Names(value, audience));

    private static bool Names(JsonElement value, string audience) => value.ValueKind == JsonValueKind.String && value.ValueEquals(audience);

    // Bounded so that no later arithmetic overflows.
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
        return [.. own.Concat(realm).Where(r => r.ValueKind == JsonValueKind.String).SelectMany(r => new[] { Tokens.Roles.Admin, Tokens.Roles.Viewer }.Where(known => r.ValueEquals(known))).Distinct()];
    }

    private static IEnumerable<JsonElement> Each(JsonElement value) => value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [value];
}
