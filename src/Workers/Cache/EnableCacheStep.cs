using Saga.Contracts.Steps;
using Saga.Registry.Drift;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Cache;

/// <summary>
/// Switches the tenant's user of the cache on again, with the stored password and the rules of provisioning. A user that the server has
/// forgotten meanwhile is made again. Undone, the user is switched off.
/// </summary>
internal sealed class EnableCacheStep(ICacheProvisioner provisioner, CredentialStore credentials, LeasedTransactions leases, Installation installation) : IStep
{
    private readonly CacheStep creation = new(provisioner, credentials, leases, installation);

    public string Name => StepNames.EnableCache;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.Redis];

    public TimeSpan LingersFor => provisioner.LingersFor;

    public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => creation.ExecuteAsync(context, cancellationToken);

    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => DisableCacheStep.DisableAsync(provisioner, leases, context, cancellationToken);
}
