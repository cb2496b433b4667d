using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Tenancy.Cache;
using Saga.Workers.Runtime;
using Saga.Workers.Runtime.Removals;

namespace Saga.Workers.Cache;

/// <summary>Removes the tenant's user of the cache and its keys, and sees that none is left.</summary>
internal sealed class RemoveCacheStep(ICacheProvisioner provisioner, LeasedTransactions leases, TimeProvider time) : IStep
{
    public string Name => StepNames.RemoveCache;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.Redis];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        try
        {
            var found = await Findings.KeepAsync(leases, context, () => LookAsync(context, cancellationToken), cancellationToken);
            await provisioner.RemoveAsync(context.TenantId, cancellationToken, sofar => context.Report(sofar, found.Keys, "keys", "removing the keys"));
            if (await provisioner.ExistsAsync(context.TenantId, cancellationToken))
                throw RemovalFailures.StillThere("entries", CacheKey.Prefix(context.TenantId), SystemNames.Redis);
            return new RemovalOutput
            {
                Removed =
                [
                    new()
                    {
                        Resource = "cache",
                        System = provisioner.System,
                        Name = CacheKey.Prefix(context.TenantId),
                        Existed = found.Existed,
                        Counts = new Dictionary<string, long>(StringComparer.Ordinal) { ["keys"] = found.Keys },
                        AbsentAt = time.GetUtcNow(),
                    },
                ],
            };
        }
        catch (CacheException error)
        {
            throw CacheFailures.From(error);
        }
    }

    /// <summary>Never asked for: it comes after the pivot.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<Found> LookAsync(StepContext context, CancellationToken cancellationToken) =>
        new(await provisioner.ExistsAsync(context.TenantId, cancellationToken), await provisioner.CountAsync(context.TenantId, cancellationToken));

    private sealed record Found(bool Existed, long Keys);
}
