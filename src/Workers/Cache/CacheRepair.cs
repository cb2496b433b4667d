using Saga.Contracts.Identifiers;
using Saga.Engine.Drift;
using Saga.Registry.Drift;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Drift;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Cache;

/// <summary>Repairs tenants' users of the cache. They keep their names in quarantine, because the server can rename none.</summary>
internal sealed class CacheRepair(CacheInventory inventory, ICacheProvisioner provisioner, CredentialStore credentials, TenantStore tenants, LeasedTransactions leases, Installation installation) : IResourceRepair
{
    private readonly CacheStep creation = new(provisioner, credentials, leases, installation);

    public IInventory Inventory => inventory;

    public TimeSpan LingersFor => provisioner.LingersFor;

    public Task<IRepairSession> OpenAsync(StepContext context, DriftKey key, Guid? owner, Guid installation, CancellationToken cancellationToken) =>
        Task.FromResult<IRepairSession>(new CacheRepairSession(provisioner, key, (finding, token) => SetRightAsync(context, finding, token)));

    // With the stored password and the rules of provisioning, whether it is there or not.
    private async Task SetRightAsync(StepContext context, DriftFinding finding, CancellationToken cancellationToken)
    {
        var tenant = finding.Tenant is { } id ? await tenants.FindAsync(new TenantId(id), cancellationToken) : null;
        if (tenant is null)
            throw DriftFailures.NotMade($"The registry does not know the tenant of '{finding.Key.Name}'.", "Scan for drift again.");
        if (finding.Differences is not [{ Fact: DriftFacts.Enabled, Expected: DriftFacts.No }])
            await creation.ExecuteAsync(context.For(tenant, context.Inputs), cancellationToken);
        // Provisioning switches it on.
        if (finding.Differences.Any(d => d is { Fact: DriftFacts.Enabled, Expected: DriftFacts.No }))
            await provisioner.SwitchAsync(finding.Key.Name, on: false, cancellationToken);
    }
}

/// <summary>Work on one user of the cache.</summary>
internal sealed class CacheRepairSession(ICacheProvisioner provisioner, DriftKey key, Func<DriftFinding, CancellationToken, Task> setRight) : IRepairSession
{
    public async Task<FoundThing?> LookAsync(CancellationToken cancellationToken) =>
        await provisioner.FindAsync(key.Name, cancellationToken) is { } found ? CacheInventory.Describe(found, key.Name) : null;

    public Task SetRightAsync(DriftFinding finding, CancellationToken cancellationToken) => setRight(finding, cancellationToken);

    public string? WhyNot(FoundThing found) => null;

    public string Rename(Guid quarantine) => key.Name;

    public async Task<IReadOnlyDictionary<string, string>> StateAsync(CancellationToken cancellationToken) =>
        new Dictionary<string, string>(StringComparer.Ordinal) { [DriftFacts.Enabled] = DriftFacts.Of(await provisioner.FindAsync(key.Name, cancellationToken) is { IsEnabled: true }) };

    public Task<bool> BarAsync(QuarantinedThing thing, CancellationToken cancellationToken) => provisioner.SwitchAsync(key.Name, on: false, cancellationToken);

    public Task ReleaseAsync(QuarantinedThing thing, CancellationToken cancellationToken) => thing.Was.GetValueOrDefault(DriftFacts.Enabled) == DriftFacts.Yes
        ? provisioner.SwitchAsync(key.Name, on: true, cancellationToken)
        : Task.CompletedTask;

    public async Task<bool?> IsBarredAsync(QuarantinedThing thing, CancellationToken cancellationToken) => await provisioner.FindAsync(key.Name, cancellationToken) is { } found ? !found.IsEnabled : null;

    public async Task<string?> RemoveAsync(QuarantinedThing thing, CancellationToken cancellationToken)
    {
        await provisioner.RemoveUserAsync(key.Name, cancellationToken);
        return null;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
