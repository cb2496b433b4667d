using System.Security.Cryptography;
using Saga.Contracts.Steps;
using Saga.Registry.Drift;
using Saga.Registry.Leases;
using Saga.Registry.Secrets;
using Saga.Registry.Tenants;
using Saga.Tenancy.Cache;
using Saga.Tenancy.Sealing;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Cache.Rotation;

/// <summary>Makes the tenant's second user of the cache, with a new password, and tries it. Runtimes do not see it yet. Undone, it is removed.</summary>
internal sealed class AddCacheUserStep(ICacheProvisioner provisioner, CacheSignInCheck signIn, CredentialStore credentials, LeasedTransactions leases, Installation installation) : IStep
{
    public string Name => StepNames.AddCacheUser;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.Redis];

    public TimeSpan LingersFor => provisioner.LingersFor;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        // An embedded cache has no users.
        if (provisioner.User(context.TenantId) is null)
            return null;
        using var guard = leases.Guard(context.Lease);
        var key = CredentialKey.Of(context.TenantId, CredentialPurposes.Cache);
        Credential credential;
        // Stored before it is set on the server, so that a retry uses the same password and the registry always knows it.
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            var current = await CredentialRows.FindAsync(transaction, key, cancellationToken) ?? throw StepFailureException.Permanent(
                "cache-user-missing", $"Tenant '{context.Tenant.Slug}' has no user of the cache.", "Verify the tenant. Rotate without cache.");
            credential = await credentials.SaveAsync(
                transaction, CredentialStore.NextOf(key), CredentialNames.Other(current.Username), Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        try
        {
            await provisioner.ProvisionAsync(context.TenantId, credential, await installation.IdAsync(cancellationToken), cancellationToken);
            await signIn.RunAsync(context.TenantId, credential, cancellationToken);
        }
        catch (CacheException error)
        {
            throw CacheFailures.From(error);
        }

        return new { User = credential.Username };
    }

    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) =>
        RetireCacheUserStep.RemoveAsync(provisioner, leases, context, CredentialStore.NextOf(CredentialKey.Of(context.TenantId, CredentialPurposes.Cache)), cancellationToken);
}
