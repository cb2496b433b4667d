using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Saga.Contracts;

namespace Saga.Host.Embedded.Identity;

/// <summary>
/// The issuer's keys, stored in a file that only the owner can read. A new key is published some time before it signs, and an old
/// key until its last token has expired, so that verifiers always know the key of a valid token. Thread-safe.
/// </summary>
public sealed class SigningKeys(IOptions<EmbeddedIssuerOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);
    private readonly Lock gate = new();
    private List<SigningKey>? keys;

    private string File => Path.Combine(options.Value.Folder, "signing-keys.json");

    /// <summary>Publishes a new key, which signs after the lead time. If a key is already waiting, that one is kept.</summary>
    /// <returns>The id of the key that will sign.</returns>
    public string Rotate()
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            var newest = Read()[^1];
            return newest.SignsFrom > now ? newest.Kid : Add(now).Kid;
        }
    }

    /// <summary>Signs with the current key.</summary>
    internal (string Kid, Func<byte[], byte[]> Sign) Signer()
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            RotateWhenDue(now);
            var current = Read().FindLast(k => k.SignsFrom <= now) ?? Read()[0];
            return (current.Kid, Sign);

            byte[] Sign(byte[] data)
            {
                using var rsa = current.Open();
                return rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            }
        }
    }

    /// <summary>The public halves, as a JWK set.</summary>
    internal object Published()
    {
        lock (gate)
        {
            RotateWhenDue(time.GetUtcNow());
            return new { keys = Read().ConvertAll(Public) };
        }
    }

    private static object Public(SigningKey key)
    {
        using var rsa = key.Open();
        var parameters = rsa.ExportParameters(includePrivateParameters: false);
        return new
        {
            kty = "RSA",
            use = "sig",
            alg = "RS256",
            kid = key.Kid,
            n = Base64Url.EncodeToString(parameters.Modulus),
            e = Base64Url.EncodeToString(parameters.Exponent),
        };
    }

    private void RotateWhenDue(DateTimeOffset now)
    {
        var newest = Read()[^1];
        if (newest.SignsFrom + TimeSpan.FromDays(options.Value.KeyLifetimeDays) - Lead <= now)
            Add(now);
    }

    private TimeSpan Lead => TimeSpan.FromMinutes(options.Value.KeyLeadMinutes);

    private SigningKey Add(DateTimeOffset now)
    {
        var known = Read();
        var made = SigningKey.New(now + Lead);
        var lastTokens = TimeSpan.FromMinutes(options.Value.TokenLifetimeMinutes) + Margin;
        // Drops keys whose successor took over so long ago that all their tokens have expired.
        List<SigningKey> kept = [.. known.Where((k, i) => i == known.Count - 1 || known[i + 1].SignsFrom + lastTokens > now), made];
        Write(kept);
        return made;
    }

    private List<SigningKey> Read()
    {
        if (keys is not null)
            return keys;
        if (System.IO.File.Exists(File))
            return keys = Stored();
        Write([SigningKey.New(time.GetUtcNow())]);
        return keys!;
    }

    private List<SigningKey> Stored()
    {
        try
        {
            if (JsonSerializer.Deserialize<List<SigningKey>>(System.IO.File.ReadAllText(File), Json.Options) is { Count: > 0 } stored)
                return stored;
        }
        catch (JsonException)
        {
            // Reported below.
        }

        throw new InvalidOperationException($"{EmbeddedIssuerOptions.Section}:Folder: {File} is damaged. Delete it; tokens that were issued with its keys become invalid.");
    }

    // Written to disk before it is published, so that a published key survives a crash.
    private void Write(List<SigningKey> wanted)
    {
        OwnerOnlyFile.Replace(File, JsonSerializer.Serialize(wanted, Json.Options));
        keys = wanted;
    }
}
