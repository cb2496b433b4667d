using Microsoft.Extensions.Options;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Tenancy.Objects;
using Saga.Workers.Runtime;
using Saga.Workers.Verification;
using System.Globalization;
using System.Security.Cryptography;

namespace Saga.Workers.Storage;

/// <summary>Puts, gets and deletes an object like a product service, and verifies that another tenant cannot see it.</summary>
internal sealed class ObjectsVerification(IObjectStore store, IOptions<StorageOptions>? options = null) : IVerification
{
    public string Name => "objects";

    public string? System(Tenant tenant) => SystemNames.S3;

    // Its probe is one of the tenant's objects.
    public TimeSpan LingersFor => options?.Value is { Adapter: StorageOptions.S3Adapter } set ? TimeSpan.FromSeconds(set.S3.LingersForSeconds) : TimeSpan.Zero;

    public async Task VerifyAsync(StepContext context, CancellationToken cancellationToken)
    {
        try
        {
            var objects = store.For(context.TenantId);
            // Remove probes of attempts that were killed between their put and their delete.
            for (var fence = 1L; fence < context.Lease.Fence; fence++)
                await objects.DeleteAsync(Probe(context, fence), cancellationToken);
            await ProbeAsync(objects, Probe(context, context.Lease.Fence), cancellationToken);
        }
        catch (ObjectStoreException error)
        {
            throw StorageFailures.From(error);
        }
    }

    // Each attempt has its own probe, so that a late attempt does not interfere, and the next attempt can derive its name.
    private static ObjectKey Probe(StepContext context, long fence) =>
        ObjectKey.Parse(string.Create(CultureInfo.InvariantCulture, $".saga-probe/{context.OperationId:n}-{fence}"));

    private async Task ProbeAsync(ITenantObjects objects, ObjectKey key, CancellationToken cancellationToken)
    {
        var bytes = RandomNumberGenerator.GetBytes(64);
        try
        {
            await objects.PutAsync(key, new MemoryStream(bytes), cancellationToken);
            var reading = ReadAsync(objects, key, cancellationToken);
            var seeing = IsSeenByAsync(new TenantId(Guid.CreateVersion7()), key, cancellationToken);
            await Task.WhenAll(reading, seeing);
            if (await reading is not { } back || !back.AsSpan().SequenceEqual(bytes))
                throw Broken("an object read back differs from the content written");
            if (await seeing)
                throw Broken("an object can be read by another tenant");
            if (ObjectKey.TryParse($"../{Guid.CreateVersion7()}/{key}", out _))
                throw Broken("a key can leave the tenant's prefix");
        }
        finally
        {
            // Runs even if the attempt was cancelled or lost its lease, because the probe must not stay.
            using var own = LeaseGuard.Leave();
            await objects.DeleteAsync(key, CancellationToken.None);
        }

        if (await objects.ExistsAsync(key, cancellationToken))
            throw Broken("an object still exists after it was deleted");
    }

    private async Task<bool> IsSeenByAsync(TenantId other, ObjectKey key, CancellationToken cancellationToken)
    {
        try
        {
            return await store.For(other).ExistsAsync(key, cancellationToken);
        }
        catch (ObjectStoreException error) when (!error.IsTransient)
        {
            // Access was refused, as when each tenant has its own bucket.
            return false;
        }
    }

    private static async Task<byte[]?> ReadAsync(ITenantObjects objects, ObjectKey key, CancellationToken cancellationToken)
    {
        await using var content = await objects.GetAsync(key, cancellationToken);
        if (content is null)
            return null;
        var bytes = new MemoryStream();
        await content.CopyToAsync(bytes, cancellationToken);
        return bytes.ToArray();
    }

    private static StepFailureException Broken(string what) => StepFailureException.Permanent(
        "objects-not-isolated", $"The object store failed verification: {what}.", "Check Saga:Storage and the store's policies, then replay the step.");
}
