using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Saga.Contracts.Identifiers;
using Saga.Registry.Schema;
using Saga.Registry.Secrets;
using Saga.Tenancy.Sealing;

namespace Saga.Workers.Sealing;

/// <summary>
/// Opens the boxes in which commands carry values that only workers may see. A key pair is made at start unless there is one for the
/// active master key, which wraps the private key. Thread-safe.
/// </summary>
public sealed class BoxKeys : IHostedService
{
    private readonly BoxKeyStore store;
    private readonly MasterKeys masters;
    private readonly RegistryAtStart registry;

    internal BoxKeys(BoxKeyStore store, MasterKeys masters, RegistryAtStart registry) => (this.store, this.masters, this.registry) = (store, masters, registry);

    /// <exception cref="SealingException">The key is gone, its master key is missing or wrong, or the box was made for something else.</exception>
    public async Task<byte[]> OpenAsync(string context, ReadOnlyMemory<byte> box, CancellationToken cancellationToken)
    {
        if (SealedBox.KeyIdOf(box.Span) is not { } id || await store.FindPrivateAsync(id, cancellationToken) is not var (master, wrapped))
            throw new SealingException("The value is in a box for which the registry has no key.");
        try
        {
            return SealedBox.Open(masters.Unwrap(new TenantId(id), master, wrapped), context, box.Span);
        }
        catch (CryptographicException)
        {
            throw new SealingException("The value is in a box that was made for something else, or was changed after it was made.");
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => registry.DoAsync(EnsureAsync, cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Makes a key pair unless there is one for the active master key.</summary>
    internal async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (await store.HasAsync(masters.Active, cancellationToken))
            return;
        var id = Guid.CreateVersion7();
        var (secret, open) = SealedBox.NewKey();
        await store.EnsureAsync(id, open, masters.Active, masters.Wrap(new TenantId(id), secret), cancellationToken);
    }
}
