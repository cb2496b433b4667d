using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Saga.Registry.Audit;

/// <summary>
/// The chain of the audit log's lines: docs/audit.md has the contract, so that anybody can verify it. It must never change; another form would
/// have another first line. Pure.
/// </summary>
public static class AuditChain
{
    private const string Form = "saga-audit-1";

    /// <summary>The hash before the first line.</summary>
    public static byte[] Start => new byte[SHA256.HashSizeInBytes];

    /// <summary>The hash of a line: SHA-256 over the hash before it and its canonical form.</summary>
    public static byte[] Next(byte[] former, long number, AuditEntry entry)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(former);
        hash.AppendData(Encoding.UTF8.GetBytes(Canonical(number, entry)));
        return hash.GetHashAndReset();
    }

    /// <summary>
    /// The form, the number in the chain, and each field with its length in bytes, a line each. The lengths keep one field from reading like two.
    /// </summary>
    public static string Canonical(long number, AuditEntry entry)
    {
        var text = new StringBuilder(Form).Append('\n').Append(number.ToString(CultureInfo.InvariantCulture)).Append('\n');
        foreach (var field in entry.Fields)
        {
            if (field is null)
                text.Append('-');
            else
                text.Append(Encoding.UTF8.GetByteCount(field).ToString(CultureInfo.InvariantCulture)).Append(':').Append(field);
            text.Append('\n');
        }

        return text.ToString();
    }
}
