using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Saga.Workers.Backup.Format;

/// <summary>
/// The format of a backup's files, version 1. A header: the letters <c>SAGB</c>, the version (1 byte), the chunk size (4 bytes) and a random
/// salt (32 bytes). Then chunks of the content, each encrypted with AES-256-GCM and followed by its tag (16 bytes). Every chunk but the last
/// has exactly the chunk size, and the last one is shorter, perhaps empty, so the end of a file that was cut short is missing. The file's key
/// is derived by HKDF-SHA256 from the backup's key, the salt, the backup's id and the part's name. A chunk's nonce is 7 zero bytes, its
/// number (4 bytes) and whether it is the last (1 byte); the header is authenticated with each. Numbers are big-endian.
/// </summary>
internal static class PartFormat
{
    public const byte Version = 1;
    public const int KeyBytes = 32;
    public const int TagBytes = 16;
    public const int HeaderBytes = 4 + 1 + 4 + SaltBytes;
    public const int DefaultChunkBytes = 256 * 1024;

    // A reader allocates a chunk before it can authenticate anything.
    public const int MaxChunkBytes = 16 * 1024 * 1024;

    private const int SaltBytes = 32;
    private const int NonceBytes = 12;

    public static byte[] NewHeader(int chunkBytes)
    {
        var header = new byte[HeaderBytes];
        "SAGB"u8.CopyTo(header);
        header[4] = Version;
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(5), chunkBytes);
        RandomNumberGenerator.Fill(header.AsSpan(9));
        return header;
    }

    /// <exception cref="BackupDamagedException">It is no header that this version reads.</exception>
    public static int ChunkBytes(ReadOnlySpan<byte> header)
    {
        if (!header[..4].SequenceEqual("SAGB"u8))
            throw new BackupDamagedException("The file is not a part of a backup.");
        if (header[4] != Version)
            throw new BackupDamagedException($"The file has version {header[4]} of the format, and this program reads version {Version}: use a newer program.");
        return BinaryPrimitives.ReadInt32BigEndian(header[5..]) is var size and > 0 and <= MaxChunkBytes
            ? size
            : throw new BackupDamagedException("The file's header is damaged.");
    }

    public static AesGcm Cipher(ReadOnlySpan<byte> dataKey, ReadOnlySpan<byte> header, Guid backup, string part)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        byte[] info = [.. "saga backup 1\0"u8, .. backup.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(part)];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, dataKey, key, header[9..], info);
        var cipher = new AesGcm(key, TagBytes);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }

    public static byte[] Nonce(uint chunk, bool isLast)
    {
        var nonce = new byte[NonceBytes];
        BinaryPrimitives.WriteUInt32BigEndian(nonce.AsSpan(7), chunk);
        nonce[^1] = isLast ? (byte)1 : (byte)0;
        return nonce;
    }
}
