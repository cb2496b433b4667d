using System.Security.Cryptography;
using System.Text;

namespace Saga.Registry.Secrets;

/// <summary>
/// Encrypts for the holder of a private key (P-256): a key pair for this box only, HKDF-SHA256 over the agreed secret, AES-256-GCM. The
/// context, such as the tenant and the setting, is authenticated. Boxes are stored, so the format has a version.
/// </summary>
public static class SealedBox
{
    private const byte Version = 1;
    private const int IdBytes = 16;
    private const int PublicBytes = 91;
    private const int TagBytes = 16;
    private const int HeadBytes = 1 + IdBytes + PublicBytes;

    /// <returns>A private key (PKCS #8) and its public key (SubjectPublicKeyInfo).</returns>
    public static (byte[] Private, byte[] Public) NewKey()
    {
        using var pair = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        return (pair.ExportPkcs8PrivateKey(), pair.ExportSubjectPublicKeyInfo());
    }

    public static byte[] Seal(Guid keyId, ReadOnlySpan<byte> publicKey, string context, ReadOnlySpan<byte> plaintext)
    {
        using var recipient = ECDiffieHellman.Create();
        recipient.ImportSubjectPublicKeyInfo(publicKey, out _);
        using var single = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        byte[] head = [Version, .. keyId.ToByteArray(bigEndian: true), .. single.ExportSubjectPublicKeyInfo()];
        var (tag, cipher) = (new byte[TagBytes], new byte[plaintext.Length]);
        using var aes = new AesGcm(Key(single, recipient.PublicKey, head), TagBytes);
        // The key is used once, so the nonce may be the same.
        aes.Encrypt(new byte[12], plaintext, cipher, tag, [.. head, .. Encoding.UTF8.GetBytes(context)]);
        return [.. head, .. tag, .. cipher];
    }

    /// <summary>The id of the key that a box needs; null for what is no box of this version.</summary>
    public static Guid? KeyIdOf(ReadOnlySpan<byte> box) =>
        box.Length >= HeadBytes + TagBytes && box[0] == Version ? new Guid(box.Slice(1, IdBytes), bigEndian: true) : null;

    /// <exception cref="CryptographicException">The box was made for another key or context, or was changed.</exception>
    public static byte[] Open(ReadOnlySpan<byte> privateKey, string context, ReadOnlySpan<byte> box)
    {
        if (KeyIdOf(box) is null)
            throw new CryptographicException("It is no box of a known version.");
        using var pair = ECDiffieHellman.Create();
        pair.ImportPkcs8PrivateKey(privateKey, out _);
        byte[] head = [.. box[..HeadBytes]];
        using var aes = new AesGcm(Key(pair, box.Slice(1 + IdBytes, PublicBytes), head), TagBytes);
        var plaintext = new byte[box.Length - HeadBytes - TagBytes];
        aes.Decrypt(new byte[12], box[(HeadBytes + TagBytes)..], box.Slice(HeadBytes, TagBytes), plaintext, [.. head, .. Encoding.UTF8.GetBytes(context)]);
        return plaintext;
    }

    private static byte[] Key(ECDiffieHellman own, ReadOnlySpan<byte> other, byte[] head)
    {
        try
        {
            using var single = ECDiffieHellman.Create();
            single.ImportSubjectPublicKeyInfo(other, out _);
            return Key(own, single.PublicKey, head);
        }
        catch (Exception error) when (error is PlatformNotSupportedException or ArgumentException)
        {
            throw new CryptographicException("The box was made with a key of another kind.", error);
        }
    }

    private static byte[] Key(ECDiffieHellman own, ECDiffieHellmanPublicKey other, byte[] head) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, own.DeriveRawSecretAgreement(other), 32, salt: null, info: [.. "saga box"u8, .. head]);
}
