using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Saga.Registry.Audit;

namespace Saga.Workers.Audit;

/// <summary>The keys of the chain's heads. Thread-safe.</summary>
internal sealed class AuditKeys
{
    private const string P256 = "1.2.840.10045.3.1.7";

    private readonly byte[]? own;
    private readonly Dictionary<string, byte[]> known = new(StringComparer.Ordinal);

    public AuditKeys(IOptions<AuditOptions> options)
    {
        foreach (var text in options.Value.PublicKeys.Values)
        {
            using var key = Public(text)!;
            known[IdOf(key)] = key.ExportSubjectPublicKeyInfo();
        }

        if (options.Value.SigningKey.Length == 0)
            return;
        using var signing = Private(options.Value.SigningKey)!;
        own = signing.ExportPkcs8PrivateKey();
        OwnId = IdOf(signing);
        known[OwnId] = signing.ExportSubjectPublicKeyInfo();
    }

    /// <summary>Whether heads can be signed.</summary>
    public bool CanSign => own is not null;

    /// <summary>Whether any head can be verified.</summary>
    public bool CanVerify => known.Count > 0;

    public string? OwnId { get; }

    public static bool IsPrivate(string text)
    {
        using var key = Private(text);
        return key is not null;
    }

    public static bool IsPublic(string text)
    {
        using var key = Public(text);
        return key is not null;
    }

    /// <summary>Signs the end of the chain, or the end of what was pruned of it.</summary>
    public AuditMark Sign(string kind, AuditChainEnd end)
    {
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(own ?? throw new InvalidOperationException($"{AuditOptions.Section}:SigningKey is not set."), out _);
        var mark = new AuditMark
        {
            Kind = kind,
            Chain = end.Chain,
            Day = DateOnly.FromDateTime(end.Now.UtcDateTime),
            Number = end.Number,
            Hash = Convert.ToHexStringLower(end.Hash),
            SignedAt = end.Now,
            KeyId = OwnId!,
            Signature = [],
        };
        return mark with { Signature = key.SignData(mark.Text(), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence) };
    }

    /// <returns>Why the mark proves nothing; null when it is signed by a known key.</returns>
    public string? Refusal(AuditMark mark)
    {
        if (!known.TryGetValue(mark.KeyId, out var spki))
            return $"is signed by the key {mark.KeyId}, which is not configured: add its public key to {AuditOptions.Section}:PublicKeys";
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(spki, out _);
        return key.VerifyData(mark.Text(), mark.Signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence) ? null : "has a wrong signature";
    }

    // The beginning of the SHA-256 hash of the public key.
    private static string IdOf(ECDsa key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()).AsSpan(0, 8));

    private static ECDsa? Private(string text) => Read(text, (key, der) => key.ImportPkcs8PrivateKey(der, out _));

    private static ECDsa? Public(string text) => Read(text, (key, der) => key.ImportSubjectPublicKeyInfo(der, out _));

    private static ECDsa? Read(string text, Action<ECDsa, byte[]> import)
    {
        var key = ECDsa.Create();
        try
        {
            if (text.Contains("-----BEGIN", StringComparison.Ordinal))
                text = text[PemEncoding.Find(text).Base64Data];
            import(key, Convert.FromBase64String(text));
            if (key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == P256)
                return key;
        }
        catch (Exception error) when (error is CryptographicException or FormatException or ArgumentException)
        {
            // Not a key, or not of this kind.
        }

        key.Dispose();
        return null;
    }
}
