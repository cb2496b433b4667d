using System.Buffers.Text;
using System.Security.Cryptography;

namespace Saga.Host.Embedded.Identity;

/// <summary>An RSA key. It is published at once and signs from <paramref name="SignsFrom"/> on, until a newer key takes over.</summary>
/// <param name="Pkcs8">The private key, in base64.</param>
internal sealed record SigningKey(string Kid, DateTimeOffset SignsFrom, string Pkcs8)
{
    private const int Bits = 2048;

    public static SigningKey New(DateTimeOffset signsFrom)
    {
        using var rsa = RSA.Create(Bits);
        var kid = Base64Url.EncodeToString(SHA256.HashData(rsa.ExportSubjectPublicKeyInfo()).AsSpan(0, 16));
        return new SigningKey(kid, signsFrom, Convert.ToBase64String(rsa.ExportPkcs8PrivateKey()));
    }

    public RSA Open()
    {
        var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(Convert.FromBase64String(Pkcs8), out _);
        return rsa;
    }

    // A record's default text would include the private key.
    public override string ToString() => Kid;
}
