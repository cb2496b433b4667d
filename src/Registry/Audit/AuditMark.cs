using System.Globalization;
using System.Text;
using System.Text.Json;
using Saga.Contracts;

namespace Saga.Registry.Audit;

/// <summary>
/// A signed statement about the chain: the number and the hash of a line in it. As the head of a day it proves that the line was there; as the
/// anchor, that the lines up to it were pruned.
/// </summary>
public sealed record AuditMark
{
    public const string Head = "head";
    public const string Anchor = "anchor";

    /// <summary><see cref="Head"/> or <see cref="Anchor"/>.</summary>
    public required string Kind { get; init; }

    public required Guid Chain { get; init; }

    /// <summary>The day, in UTC.</summary>
    public required DateOnly Day { get; init; }

    public required long Number { get; init; }

    /// <summary>In lowercase hexadecimal.</summary>
    public required string Hash { get; init; }

    public required DateTimeOffset SignedAt { get; init; }

    /// <summary>The key that signed it: see docs/audit.md.</summary>
    public required string KeyId { get; init; }

    /// <summary>ECDSA with P-256 and SHA-256 over <see cref="Text"/>, as DER.</summary>
    public required byte[] Signature { get; init; }

    /// <summary>What is signed.</summary>
    public byte[] Text() => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"saga-audit-1 {Kind}\n{Chain:d}\n{Day:yyyy-MM-dd}\n{Number}\n{Hash}\n{SignedAt.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'}\n{KeyId}\n"));

    public string ToJson() => JsonSerializer.Serialize(this, Json.Options);

    /// <returns>Null when the text is no mark.</returns>
    public static AuditMark? Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<AuditMark>(json, Json.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
