namespace Saga.Workers.Http;

/// <summary>A signing secret in the form of Standard Webhooks: <c>whsec_</c> and 24 to 64 bytes in base64.</summary>
internal static class WebhookSecret
{
    public const string Rule = "must be whsec_ followed by 24 to 64 random bytes in base64";
    private const string Prefix = "whsec_";
    private const int MinBytes = 24;
    private const int MaxBytes = 64;

    /// <returns>The key; null when the text is no secret.</returns>
    public static byte[]? Parse(string? text)
    {
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        var key = new byte[MaxBytes + 3];
        return Convert.TryFromBase64String(text[Prefix.Length..], key, out var length) && length is >= MinBytes and <= MaxBytes ? key[..length] : null;
    }
}
