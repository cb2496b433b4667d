using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Saga.Workers.Http;

/// <summary>The signature of Standard Webhooks 1.0: HMAC-SHA256 of id, timestamp and body, joined by full stops.</summary>
internal static class WebhookSignature
{
    public const string IdHeader = "webhook-id";
    public const string TimestampHeader = "webhook-timestamp";
    public const string SignatureHeader = "webhook-signature";

    /// <param name="keys">The current key and those that it replaces; each signs.</param>
    /// <param name="id">The same for every attempt. Without a full stop, because that separates the signed parts.</param>
    /// <param name="timestamp">When this attempt is made, in Unix seconds.</param>
    /// <param name="body">The bytes that are sent.</param>
    /// <returns>The header: signatures separated by blanks.</returns>
    public static string Of(IReadOnlyList<byte[]> keys, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        var head = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}."));
        byte[] signed = [.. head, .. body];
        return string.Join(' ', keys.Select(key => $"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, signed))}"));
    }
}
