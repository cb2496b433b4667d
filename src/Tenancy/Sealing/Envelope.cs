using System.Security.Cryptography;

namespace Saga.Tenancy.Sealing;

/// <summary>
/// AES-256-GCM with a random nonce: version (1 byte), key id (8), nonce (12), tag (16), ciphertext.
/// Version and key id are authenticated together with the caller's associated data.
/// </summary>
internal static class Envelope
{
    private const byte Version = 1;
    private const int KeyId = 8;
    private const int Header = 1 + KeyId;
    private const int Nonce = 12;
    private const int Tag = 16;

    public static byte[] Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associated)
    {
        var envelope = new byte[Header + Nonce + Tag + plaintext.Length];
        envelope[0] = Version;
        WriteKeyId(key, envelope.AsSpan(1, KeyId));
        var nonce = envelope.AsSpan(Header, Nonce);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(key, Tag);
        cipher.Encrypt(
            nonce, plaintext, envelope.AsSpan(Header + Nonce + Tag), envelope.AsSpan(Header + Nonce, Tag),
            [.. envelope.AsSpan(0, Header), .. associated]);
        return envelope;
    }

    public static EnvelopeResult TryOpen(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> envelope, ReadOnlySpan<byte> associated, out byte[] plaintext)
    {
        plaintext = [];
        if (envelope.Length < Header + Nonce + Tag || envelope[0] != Version)
            return EnvelopeResult.Malformed;
        Span<byte> id = stackalloc byte[KeyId];
        WriteKeyId(key, id);
        if (!id.SequenceEqual(envelope.Slice(1, KeyId)))
            return EnvelopeResult.OtherKey;
        var opened = new byte[envelope.Length - Header - Nonce - Tag];
        using var cipher = new AesGcm(key, Tag);
        try
        {
            cipher.Decrypt(
                envelope.Slice(Header, Nonce), envelope[(Header + Nonce + Tag)..], envelope.Slice(Header + Nonce, Tag), opened,
                [.. envelope[..Header], .. associated]);
        }
        catch (AuthenticationTagMismatchException)
        {
            return EnvelopeResult.Refused;
        }

        plaintext = opened;
        return EnvelopeResult.Opened;
    }

    /// <summary>The first bytes of every envelope that the key has sealed.</summary>
    public static byte[] Beginning(ReadOnlySpan<byte> key)
    {
        var beginning = new byte[Header];
        beginning[0] = Version;
        WriteKeyId(key, beginning.AsSpan(1));
        return beginning;
    }

    // A one-way fingerprint of the key, to distinguish a wrong key from changed bytes.
    private static void WriteKeyId(ReadOnlySpan<byte> key, Span<byte> id)
    {
        Span<byte> print = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, "saga key id"u8, print);
        print[..KeyId].CopyTo(id);
    }
}
