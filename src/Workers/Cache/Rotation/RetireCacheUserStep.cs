using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Secrets;
using Saga.Registry.Tenants;
using Saga.Tenancy.Cache;
using Saga.Tenancy.Sealing;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Cache.Rotation;

/// <summary>Removes the user of the cache that a rotation has replaced, and ends its connections. The tenant's keys stay.</summary>
internal sealed class RetireCacheUserStep(ICacheProvisioner provisioner, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.RetireCacheUser;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.Redis];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) =>
        await RemoveAsync(provisioner, leases, context, CredentialStore.FormerOf(CredentialKey.Of(context.TenantId, CredentialPurposes.Cache)), cancellationToken) is { } user
            ? new { User = user }
            : null;

    /// <summary>Never asked for: it comes after the pivot.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Removes the user of a credential, and then the credential.</summary>
    /// <returns>The user; null when there is no such credential.</returns>
    internal static async Task<string?> RemoveAsync(
        ICacheProvisioner provisioner, LeasedTransactions leases, StepContext context, CredentialKey key, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        CredentialRow? found;
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
            found = await CredentialRows.FindAsync(transaction, key, cancellationToken);
        if (found is null)
            return null;
        try
        {
            await provisioner.RemoveUserAsync(found.Username, cancellationToken);
        }
        catch (CacheException error)
        {
            throw CacheFailures.From(error);
        }

        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            await CredentialStore.DeleteAsync(transaction, key, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return found.Username;
    }
}
