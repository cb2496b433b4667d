using Microsoft.Extensions.Options;
using Saga.Contracts.Identifiers;

namespace Saga.Tenancy.Sealing;

/// <summary>Wraps and unwraps tenants' keys with the configured runtime keys. Thread-safe.</summary>
internal sealed class RuntimeKeys(IOptions<RuntimeKeyOptions> options)
{
    // Configuration keys are case-insensitive; rows are not.
    private readonly SortedDictionary<string, byte[]> keys = new(
        options.Value.Keys.ToDictionary(k => k.Key.ToLowerInvariant(), k => Convert.FromBase64String(k.Value), StringComparer.Ordinal), StringComparer.Ordinal);

    public IReadOnlyCollection<string> Ids => keys.Keys;

    public byte[] Wrap(TenantId tenant, string id, ReadOnlySpan<byte> key) => Envelope.Seal(keys[id], key, Associated(tenant));

    /// <summary>The first bytes of every key wrapped under this id, unless another runtime key used the same id before.</summary>
    public byte[] Beginning(string id) => Envelope.Beginning(keys[id]);

    /// <exception cref="SealingException">There is no key, none of its runtime keys is configured, or a runtime key has changed.</exception>
    public byte[] Unwrap(TenantId tenant, IReadOnlyCollection<WrappedKey> wrapped)
    {
        if (wrapped.Count == 0)
            throw new SealingException($"Tenant {tenant} has no key for runtimes: it was destroyed, or the workers have not wrapped it yet.");
        if (wrapped.FirstOrDefault(w => keys.ContainsKey(w.RuntimeKeyId)) is not { } mine)
        {
            throw new SealingException(
                $"The key of tenant {tenant} is not wrapped by a runtime key that is configured here, but by {string.Join(", ", wrapped.Select(w => $"'{w.RuntimeKeyId}'"))}. "
                + $"Set Saga:Runtime:Keys:{wrapped.First().RuntimeKeyId} to it, or give the workers the runtime key of this process.");
        }

        return Envelope.TryOpen(keys[mine.RuntimeKeyId], mine.Wrapped, Associated(tenant), out var key) switch
        {
            EnvelopeResult.Opened => key,
            EnvelopeResult.OtherKey => throw new SealingException(
                $"Saga:Runtime:Keys:{mine.RuntimeKeyId} is not the runtime key that wrapped the key of tenant {tenant}. Restore the former value of '{mine.RuntimeKeyId}', and give a new runtime key a new id."),
            _ => throw new SealingException($"The wrapped key of tenant {tenant} was changed after it was written."),
        };
    }

    // Differs from a master key's associated data, so neither wrapping can be mistaken for the other.
    private static byte[] Associated(TenantId tenant) => [.. tenant.Value.ToByteArray(bigEndian: true), .. "runtime key"u8];
}
