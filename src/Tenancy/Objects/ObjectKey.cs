using System.Diagnostics.CodeAnalysis;
using System.Text;
using Saga.Contracts.Identifiers;
using Saga.Shared.Unicode;

namespace Saga.Tenancy.Objects;

/// <summary>
/// The name of an object within one tenant, such as <c>invoices/2026/07.pdf</c>: validated, in Normalization Form C.
/// No later decoding or path resolution can make it leave the tenant's prefix.
/// </summary>
public readonly record struct ObjectKey
{
    /// <summary>S3 allows 1,024 bytes for the full key, which includes the tenant's prefix.</summary>
    public const int MaxBytes = 1024 - 45;

    public const string Rule =
        "1 to 979 bytes of UTF-8 in segments separated by '/'; no empty, '.' or '..' segment, no leading or trailing '/', no '\\', '%' or control character";

    private readonly string? value;

    private ObjectKey(string value) => this.value = value;

    /// <exception cref="InvalidOperationException">The value is <c>default</c>, which names no object.</exception>
    public override string ToString() => value ?? throw new InvalidOperationException("default(ObjectKey) names no object.");

    /// <exception cref="FormatException">The text breaks <see cref="Rule"/>.</exception>
    public static ObjectKey Parse(string text) =>
        TryParse(text, out var key) ? key : throw new FormatException($"Not an object key: {Rule}.");

    public static bool TryParse([NotNullWhen(true)] string? text, out ObjectKey key)
    {
        key = default;
        if (string.IsNullOrEmpty(text) || text.Length > MaxBytes || !IsWellFormed(text))
            return false;
        var composed = CanonicalComposition.Compose(text);
        if (Encoding.UTF8.GetByteCount(composed) > MaxBytes || composed.Split('/').Any(s => s is "" or "." or ".."))
            return false;
        key = new ObjectKey(composed);
        return true;
    }

    /// <summary>The prefix of all tenants' keys.</summary>
    public const string Root = "tenants/";

    /// <summary>The prefix of all keys of the tenant. The closing '/' matters: without it, the prefix of t1 would include t10.</summary>
    public static string Prefix(TenantId tenant) => $"{Root}{tenant}/";

    /// <summary>The key in the store that is shared by all tenants.</summary>
    internal string In(TenantId tenant) => Prefix(tenant) + ToString();

    private static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (char.IsControl(c) || c is '\\' or '%' or '\u2028' or '\u2029')
                return false;
            if (!char.IsSurrogate(c))
                continue;
            if (!char.IsHighSurrogate(c) || i + 1 == text.Length || !char.IsLowSurrogate(text[++i]))
                return false;
        }

        return true;
    }
}
