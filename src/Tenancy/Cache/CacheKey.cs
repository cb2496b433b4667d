using System.Diagnostics.CodeAnalysis;
using System.Text;
using Saga.Contracts.Identifiers;

namespace Saga.Tenancy.Cache;

/// <summary>The name of an entry within one tenant: 1 to 512 bytes of UTF-8, no control characters.</summary>
public readonly record struct CacheKey
{
    public const int MaxBytes = 512;
    public const string Rule = "1 to 512 bytes of UTF-8, no control characters";

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly string? value;

    private CacheKey(string value) => this.value = value;

    /// <exception cref="InvalidOperationException">The value is <c>default</c>, which names no entry.</exception>
    public override string ToString() => value ?? throw new InvalidOperationException("default(CacheKey) names no entry.");

    /// <exception cref="FormatException">The text breaks <see cref="Rule"/>.</exception>
    public static CacheKey Parse(string text) =>
        TryParse(text, out var key) ? key : throw new FormatException($"Not a cache key: {Rule}.");

    public static bool TryParse([NotNullWhen(true)] string? text, out CacheKey key)
    {
        key = default;
        if (string.IsNullOrEmpty(text) || text.Length > MaxBytes || text.Any(char.IsControl))
            return false;
        try
        {
            // Half a surrogate pair would be encoded as '?', so different keys would collide.
            if (Strict.GetByteCount(text) > MaxBytes)
                return false;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }

        key = new CacheKey(text);
        return true;
    }

    /// <summary>The prefix of all keys of the tenant, and of no other tenant's keys.</summary>
    public static string Prefix(TenantId tenant) => $"t:{tenant}:";

    internal string In(TenantId tenant) => Prefix(tenant) + ToString();
}
