using Microsoft.Extensions.Options;
using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Tenancy.Objects;
using Saga.Workers.Runtime;
using Saga.Workers.Verification;
using System.Globalization;
using System.Security.Cryptography;

namespace Saga.Workers.Storage;

/// <summary>
/// Puts, gets and deletes an object like a product service, and verifies that another tenant cannot see it, that it is encrypted as configured, and
/// that its former content is kept for the configured time.
/// </summary>
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
                await RemoveAsync(objects, Probe(context, fence), cancellationToken);
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
        var (former, bytes) = (RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(64));
        try
        {
            await objects.PutAsync(key, new MemoryStream(former), cancellationToken);
            await objects.PutAsync(key, new MemoryStream(bytes), cancellationToken);
            var reading = ReadAsync(() => objects.GetAsync(key, cancellationToken), cancellationToken);
            var seeing = IsSeenByAsync(new TenantId(Guid.CreateVersion7()), key, cancellationToken);
            var protecting = objects.ProtectionAsync(key, cancellationToken);
            var keeping = KeepsAsync(objects, key, former, cancellationToken);
            await Task.WhenAll(reading, seeing, protecting, keeping);
            if (await reading is not { } back || !back.AsSpan().SequenceEqual(bytes))
                throw Broken("an object read back differs from the content written");
            if (await seeing)
                throw Broken("an object can be read by another tenant");
            if (ObjectKey.TryParse($"../{Guid.CreateVersion7()}/{key}", out _))
                throw Broken("a key can leave the tenant's prefix");
            RequireProtection(await protecting, await keeping);
        }
        finally
        {
            // Runs even if the attempt was cancelled or lost its lease, because the probe must not stay.
            using var own = LeaseGuard.Leave();
            await RemoveAsync(objects, key, CancellationToken.None);
        }

        var left = await Task.WhenAll(objects.ExistsAsync(key, cancellationToken), objects.VersionsAsync(key, cancellationToken).AnyAsync(cancellationToken).AsTask());
        if (left.Contains(true))
            throw Broken("an object still exists after it was deleted");
    }

    private void RequireProtection(ObjectProtection protection, bool keepsFormer)
    {
        var s3 = options?.Value.S3 ?? new();
        if (S3Encryption.Parse(s3.Encryption) is { } encryption && options?.Value.Adapter == StorageOptions.S3Adapter && !encryption.IsKeptBy(protection.Encryption))
            throw Unprotected($"an object is encrypted with '{protection.Encryption}' instead of '{s3.Encryption}'", FailureKind.Permanent);
        if (protection.KeepsVersions is null)
            return;
        // Workers set both at start, and so may not have come to it yet.
        if (protection.KeepsVersions == false)
            throw Unprotected("it keeps no versions of what is replaced", FailureKind.Transient);
        // Workers keep other people's rules, so waiting would not help.
        if (protection is { ForeignRule: { } rule, NoncurrentDays: { } early } && early < s3.NoncurrentDays)
        {
            throw Unprotected(
                string.Create(CultureInfo.InvariantCulture, $"the bucket's lifecycle rule '{rule}', which is not Saga's, ends former versions after {early} days instead of {s3.NoncurrentDays}: remove it, or set Saga:Storage:S3:NoncurrentDays to {early}"),
                FailureKind.Permanent);
        }

        if (protection.NoncurrentDays is { } days ? days != s3.NoncurrentDays : s3.RequirePolicy)
        {
            throw Unprotected(
                string.Create(CultureInfo.InvariantCulture, $"former versions are kept for {protection.NoncurrentDays?.ToString(CultureInfo.InvariantCulture) ?? "ever"} days instead of {s3.NoncurrentDays}"),
                FailureKind.Transient);
        }

        if (!keepsFormer)
            throw Unprotected("the former content of an object that was replaced cannot be read", FailureKind.Permanent);
    }

    // Whether the content that was replaced can still be read.
    private static async Task<bool> KeepsAsync(ITenantObjects objects, ObjectKey key, byte[] former, CancellationToken cancellationToken)
    {
        await foreach (var version in objects.VersionsAsync(key, cancellationToken))
        {
            if (!version.IsCurrent && await ReadAsync(() => objects.GetAsync(key, version.Id, cancellationToken), cancellationToken) is { } kept && kept.AsSpan().SequenceEqual(former))
                return true;
        }

        return false;
    }

    // Permanently: a deletion would leave the content as a version.
    private static async Task RemoveAsync(ITenantObjects objects, ObjectKey key, CancellationToken cancellationToken)
    {
        var versions = await objects.VersionsAsync(key, cancellationToken).ToListAsync(cancellationToken);
        await Task.WhenAll(versions.Select(v => objects.DeleteAsync(key, v.Id, cancellationToken)));
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

    private static async Task<byte[]?> ReadAsync(Func<Task<Stream?>> open, CancellationToken cancellationToken)
    {
        await using var content = await open();
        if (content is null)
            return null;
        var bytes = new MemoryStream();
        await content.CopyToAsync(bytes, cancellationToken);
        return bytes.ToArray();
    }

    private static StepFailureException Unprotected(string what, FailureKind kind) => StepFailureException.Of(
        kind, "objects-unprotected", $"The object store failed verification: {what}.", "Check Saga:Storage:S3 and the bucket's versions, lifecycle and encryption, then replay the step.", SystemNames.S3);

    private static StepFailureException Broken(string what) => StepFailureException.Permanent(
        "objects-not-isolated", $"The object store failed verification: {what}.", "Check Saga:Storage and the store's policies, then replay the step.");
}
