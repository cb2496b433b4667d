using System.Text;
using Saga.Contracts.Identifiers;

namespace Saga.Tenancy.Sealing;

/// <summary>
/// A tenant's secret, sealed under the tenant's key. The tenant's id and the purpose are authenticated, so a sealed text opens
/// for nothing else. Workers write this format and runtimes read it.
/// </summary>
internal static class SealedText
{
    public static byte[] Seal(ReadOnlySpan<byte> key, TenantId tenant, string purpose, ReadOnlySpan<byte> plaintext) =>
        Envelope.Seal(key, plaintext, Associated(tenant, purpose));

    /// <exception cref="SealingException">It was sealed with another key, or for another tenant or purpose, or was changed.</exception>
    public static byte[] Open(ReadOnlySpan<byte> key, TenantId tenant, string purpose, ReadOnlySpan<byte> envelope) =>
        Envelope.TryOpen(key, envelope, Associated(tenant, purpose), out var plaintext) switch
        {
            EnvelopeResult.Opened => plaintext,
            EnvelopeResult.OtherKey => throw new SealingException(
                $"The sealed '{purpose}' was not sealed with the current key of tenant {tenant}: it is another tenant's, or the key was destroyed and created again.") { IsOtherKey = true },
            _ => throw new SealingException($"The sealed '{purpose}' of tenant {tenant} is for another purpose, or was changed after it was sealed."),
        };

    private static byte[] Associated(TenantId tenant, string purpose) =>
        [.. tenant.Value.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(purpose)];
}
