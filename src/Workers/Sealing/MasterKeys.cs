using Microsoft.Extensions.Options;
using Saga.Contracts.Identifiers;
using Saga.Tenancy.Sealing;

namespace Saga.Workers.Sealing;

/// <summary>Wraps and unwraps tenants' keys with the configured master keys. Thread-safe.</summary>
internal sealed class MasterKeys(IOptions<SealingOptions> options)
{
    private readonly Dictionary<string, byte[]> keys = options.Value.MasterKeys
        .ToDictionary(k => k.Key, k => Convert.FromBase64String(k.Value), StringComparer.OrdinalIgnoreCase);

    public string Active { get; } = options.Value.ActiveKey;

    public byte[] Wrap(TenantId tenant, ReadOnlySpan<byte> key) => Envelope.Seal(keys[Active], key, Associated(tenant));

    /// <exception cref="SealingException">The master key is missing, or is not the one that wrapped the key.</exception>
    public byte[] Unwrap(TenantId tenant, string masterKeyId, ReadOnlySpan<byte> wrapped)
    {
        if (!keys.TryGetValue(masterKeyId, out var master))
        {
            throw new SealingException(
                $"The key of tenant {tenant} is wrapped by master key '{masterKeyId}', which is not configured. Set Saga:Sealing:MasterKeys:{masterKeyId} to it.");
        }

        return Envelope.TryOpen(master, wrapped, Associated(tenant), out var key) switch
        {
            EnvelopeResult.Opened => key,
            EnvelopeResult.OtherKey => throw new SealingException(
                $"Saga:Sealing:MasterKeys:{masterKeyId} is not the master key that wrapped the key of tenant {tenant}. Restore the former value of '{masterKeyId}', and give a new master key a new id."),
            _ => throw new SealingException($"The wrapped key of tenant {tenant} was changed after it was written."),
        };
    }

    private static byte[] Associated(TenantId tenant) =>
        [.. tenant.Value.ToByteArray(bigEndian: true), .. "tenant key"u8];
}
