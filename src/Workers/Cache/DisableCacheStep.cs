using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Tenancy.Cache;
using Saga.Workers.Runtime;

namespace Saga.Workers.Cache;

/// <summary>Switches the tenant's user of the cache off and ends its connections. The keys stay.</summary>
internal sealed class DisableCacheStep(ICacheProvisioner provisioner, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.DisableCache;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.Redis];

    public TimeSpan LingersFor => provisioner.LingersFor;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        await DisableAsync(provisioner, leases, context, cancellationToken);
        return null;
    }

    /// <summary>Never asked for: a suspension only goes forward.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    internal static async Task DisableAsync(ICacheProvisioner provisioner, LeasedTransactions leases, StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        try
        {
            await provisioner.DisableAsync(context.TenantId, cancellationToken);
        }
        catch (CacheException error)
        {
            throw CacheFailures.From(error);
        }
    }
}
