using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace Saga.Api.Tokens;

/// <summary>
/// Parses compact JWS and checks their signatures: only RS256, ES256 and PS256 with the issuer's keys. A key inside the token is
/// ignored. Pure; <see cref="TokenClaims"/> checks the claims.
/// </summary>
internal static class JwsSignature
{
    public const int MaxLength = 16 * 1024;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <returns>The parsed JWS; null if no key could make the token valid.</returns>
    public static Jws? Parse(string token)
    {
        if (token.Length > MaxLength || token.Split('.') is not [var header, var payload, var signature]
            || Bytes(header) is not { Length: > 0 } headerBytes || Bytes(payload) is not { } payloadBytes || Bytes(signature) is not { Length: > 0 } signatureBytes)
            return null;
        if (Object(headerBytes) is not { } fields
            || Text(fields, "alg") is not (SecurityAlgorithms.RsaSha256 or SecurityAlgorithms.EcdsaSha256 or SecurityAlgorithms.RsaSsaPssSha256)
            // Critical extensions are not supported, and we issue no encrypted or compressed tokens.
            || fields.TryGetProperty("crit", out _) || fields.TryGetProperty("enc", out _) || fields.TryGetProperty("zip", out _)
            || (fields.TryGetProperty("kid", out var kid) && kid.ValueKind != JsonValueKind.String))
            return null;
        return new(Text(fields, "alg")!, Text(fields, "kid"), Text(fields, "typ"), Encoding.ASCII.GetBytes($"{header}.{payload}"), payloadBytes, signatureBytes);
    }

    /// <summary>Whether one of the keys created the signature. If the token names a key, only that key counts.</summary>
    public static bool IsSigned(Jws jws, IEnumerable<JsonWebKey> keys) =>
        keys.Any(key => (jws.KeyId is null || jws.KeyId == key.Kid) && MayVerify(key, jws.Algorithm) && Verifies(jws, key));

    /// <summary>Whether a key of the issuer may be used to sign tokens for this API.</summary>
    public static bool MayVerify(JsonWebKey key, string algorithm) =>
        key.Use is null or "" or "sig"
        && (key.KeyOps is not { Count: > 0 } || key.KeyOps.Contains("verify"))
        && (string.IsNullOrEmpty(key.Alg) || key.Alg == algorithm)
        && (algorithm == SecurityAlgorithms.EcdsaSha256
            ? key.Kty == JsonWebAlgorithmsKeyTypes.EllipticCurve && key.Crv == JsonWebKeyECTypes.P256
            : key.Kty == JsonWebAlgorithmsKeyTypes.RSA && key.KeySize is >= 2048 and <= 8192);

    /// <summary>The object in these bytes; null if it is not an object, has a duplicate member, or a name with half of a surrogate pair.</summary>
    public static JsonElement? Object(byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    public static string? Text(JsonElement fields, string name)
    {
        try
        {
            return fields.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static bool Verifies(Jws jws, JsonWebKey key)
    {
        var crypto = new CryptoProviderFactory { CacheSignatureProviders = false };
        SignatureProvider? provider = null;
        try
        {
            provider = crypto.CreateForVerifying(key, jws.Algorithm);
            return provider.Verify(jws.SignedBytes, jws.Signature);
        }
        // A key or signature with impossible numbers.
        catch (Exception e) when (e is System.Security.Cryptography.CryptographicException or ArgumentException or InvalidOperationException or NotSupportedException or FormatException)
        {
            return false;
        }
        finally
        {
            if (provider is not null)
                crypto.ReleaseSignatureProvider(provider);
        }
    }

    // The decoder itself accepts white space and padding.
    private static byte[]? Bytes(string part) =>
        part.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') && Base64Url.IsValid(part) ? Base64Url.DecodeFromChars(part) : null;
}

internal sealed record Jws(string Algorithm, string? KeyId, string? Type, byte[] SignedBytes, byte[] Payload, byte[] Signature);
