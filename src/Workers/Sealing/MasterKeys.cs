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

    /// <summary>Wraps the key of a backup of the registry, which belongs to no tenant.</summary>
    public byte[] WrapForRegistry(Guid backup, ReadOnlySpan<byte> key) => Envelope.Seal(keys[Active], key, OfRegistry(backup));

    /// <exception cref="SealingException">The master key is missing, or is not the one that wrapped the key.</exception>
    public byte[] UnwrapForRegistry(Guid backup, string masterKeyId, ReadOnlySpan<byte> wrapped) => Open($"registry backup {backup}", masterKeyId, wrapped, OfRegistry(backup));

    /// <summary>Whether a master key is configured.</summary>
    public bool Has(string masterKeyId) => keys.ContainsKey(masterKeyId);

    /// <exception cref="SealingException">The master key is missing, or is not the one that wrapped the key.</exception>
    public byte[] Unwrap(TenantId tenant, string masterKeyId, ReadOnlySpan<byte> wrapped, string purpose = TenantKey) =>
        Open($"tenant {tenant}", masterKeyId, wrapped, Associated(tenant, purpose));

    private byte[] Open(string owner, string masterKeyId, ReadOnlySpan<byte> wrapped, byte[] associated)
    {
        if (!keys.TryGetValue(masterKeyId, out var master))
        {
            throw new SealingException(
                $"The key of {owner} is wrapped by master key '{masterKeyId}', which is not configured. Set Saga:Sealing:MasterKeys:{masterKeyId} to it.");
        }

        return Envelope.TryOpen(master, wrapped, associated, out var key) switch
        {
            EnvelopeResult.Opened => key,
            EnvelopeResult.OtherKey => throw new SealingException(
                $"Saga:Sealing:MasterKeys:{masterKeyId} is not the master key that wrapped the key of {owner}. Restore the former value of '{masterKeyId}', and give a new master key a new id."),
            _ => throw new SealingException($"The wrapped key of {owner} was changed after it was written."),
        };
    }

    private static byte[] Associated(TenantId tenant, string purpose) =>
        [.. tenant.Value.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(purpose)];

    private static byte[] OfRegistry(Guid backup) => [.. "registry backup"u8, .. backup.ToByteArray(bigEndian: true)];
}
