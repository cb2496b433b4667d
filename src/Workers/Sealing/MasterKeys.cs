using System.Text;
using Microsoft.Extensions.Options;
using Saga.Contracts.Identifiers;
using Saga.Tenancy.Sealing;

namespace Saga.Workers.Sealing;

/// <summary>Wraps and unwraps tenants' keys with the configured master keys. Thread-safe.</summary>
internal sealed class MasterKeys(IOptions<SealingOptions> options)
{
    private const string TenantKey = "tenant key";

    private readonly Dictionary<string, byte[]> keys = options.Value.MasterKeys
        .ToDictionary(k => k.Key, k => Convert.FromBase64String(k.Value), StringComparer.OrdinalIgnoreCase);

    public string Active { get; } = options.Value.ActiveKey;

    /// <param name="tenant">Whose key it is.</param>
    /// <param name="key">The key.</param>
    /// <param name="purpose">What the key is for. It unwraps for nothing else.</param>
    public byte[] Wrap(TenantId tenant, ReadOnlySpan<byte> key, string purpose = TenantKey) => Envelope.Seal(keys[Active], key, Associated(tenant, purpose));

    /// <exception cref="SealingException">The master key is missing, or is not the one that wrapped the key.</exception>
    public byte[] Unwrap(TenantId tenant, string masterKeyId, ReadOnlySpan<byte> wrapped, string purpose = TenantKey)
    {
        if (!keys.TryGetValue(masterKeyId, out var master))
        {
            throw new SealingException(
                $"The key of tenant {tenant} is wrapped by master key '{masterKeyId}', which is not configured. Set Saga:Sealing:MasterKeys:{masterKeyId} to it.");
        }

        return Envelope.TryOpen(master, wrapped, Associated(tenant, purpose), out var key) switch
        {
            EnvelopeResult.Opened => key,
            EnvelopeResult.OtherKey => throw new SealingException(
                $"Saga:Sealing:MasterKeys:{masterKeyId} is not the master key that wrapped the key of tenant {tenant}. Restore the former value of '{masterKeyId}', and give a new master key a new id."),
            _ => throw new SealingException($"The wrapped key of tenant {tenant} was changed after it was written."),
        };
    }

    private static byte[] Associated(TenantId tenant, string purpose) =>
        [.. tenant.Value.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(purpose)];
}
