using System.Security.Cryptography;
using System.Text;

namespace Saga.Workers.Database.Tiers;

/// <summary>
/// The verifier that PostgreSQL stores for a password (RFC 5803, SCRAM-SHA-256). Sending it instead of the password keeps the
/// password out of the server's log and statistics.
/// </summary>
internal static class ScramVerifier
{
    private const int Iterations = 4096;

    /// <param name="password">Printable ASCII, which needs no normalization.</param>
    public static string Create(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        var salted = Rfc2898DeriveBytes.Pbkdf2(password, salt, Iterations, HashAlgorithmName.SHA256, 32);
        var stored = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        var server = HMACSHA256.HashData(salted, "Server Key"u8);
        return new StringBuilder("SCRAM-SHA-256$").Append(Iterations).Append(':').Append(Convert.ToBase64String(salt))
            .Append('$').Append(Convert.ToBase64String(stored)).Append(':').Append(Convert.ToBase64String(server)).ToString();
    }
}
