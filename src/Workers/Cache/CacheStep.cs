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

namespace Saga.Workers.Cache;

/// <summary>Creates the tenant's key space in the cache, and the user that may use it.</summary>
internal sealed class CacheStep(ICacheProvisioner provisioner, CredentialStore credentials, LeasedTransactions leases, Installation installation) : IStep
{
    public string Name => StepNames.Cache;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.Redis];

    public TimeSpan LingersFor => provisioner.LingersFor;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        // Stored before it is set on the server, so that a retry uses the same password and the registry always knows it.
        Credential? credential = null;
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            if (provisioner.User(context.TenantId) is { } user)
            {
                var password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
                credential = await credentials.SaveAsync(transaction, CredentialKey.Of(context.TenantId, CredentialPurposes.Cache), user, password, cancellationToken);
            }

            await transaction.CommitAsync(cancellationToken);
        }

        try
        {
            return await provisioner.ProvisionAsync(context.TenantId, credential, await installation.IdAsync(cancellationToken), cancellationToken);
        }
        catch (CacheException error)
        {
            throw CacheFailures.From(error);
        }
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        try
        {
            await provisioner.RemoveAsync(context.TenantId, cancellationToken);
        }
        catch (CacheException error)
        {
            throw CacheFailures.From(error);
        }

        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await CredentialStore.DeleteAsync(transaction, CredentialKey.Of(context.TenantId, CredentialPurposes.Cache), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
