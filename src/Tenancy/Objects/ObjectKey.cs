using System.Diagnostics.CodeAnalysis;
using System.Text;
using Saga.Contracts.Identifiers;

namespace Saga.Tenancy.Objects;

/// <summary>
/// The name of an object within one tenant, such as <c>invoices/2026/07.pdf</c>: validated, in Normalization Form C.
/// It cannot lead out of the tenant's prefix, whatever decodes or resolves it later.
/// </summary>
public readonly record struct ObjectKey
{
    /// <summary>S3 takes 1,024 bytes for the whole key; the tenant's prefix has its share.</summary>
    public const int MaxBytes = 1024 - 45;

    public const string Rule =
        "1 to 979 bytes of UTF-8 in segments parted by '/'; no empty, '.' or '..' segment, no leading or trailing '/', no '\\', '%' or control character";

    private readonly string? value;

    private ObjectKey(string value) => this.value = value;

    /// <exception cref="InvalidOperationException">This is <c>default</c>, which names no object.</exception>
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

    /// <summary>All keys of the tenant begin so. The closing '/' matters: without it t1 would hold t10.</summary>
    public static string Prefix(TenantId tenant) => $"tenants/{tenant}/";

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
