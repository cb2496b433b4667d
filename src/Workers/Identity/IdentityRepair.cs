using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Drift;
using Saga.Registry.Drift;
using Saga.Registry.Leases;
using Saga.Registry.Operations;
using Saga.Registry.Tenants;
using Saga.Workers.Drift;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity;

/// <summary>Repairs tenants' organisations.</summary>
internal sealed class IdentityRepair(IdentityInventory inventory, IDirectory directory, TenantStore tenants, LeasedTransactions leases, Installation installation) : IResourceRepair
{
    private readonly IdentityStep creation = new(directory, leases, installation);
    private readonly AdministratorStep administrator = new(directory, leases);

    public IInventory Inventory => inventory;

    public TimeSpan LingersFor => directory.LingersFor;

    public Task<IRepairSession> OpenAsync(StepContext context, DriftKey key, Guid? owner, Guid installation, CancellationToken cancellationToken) =>
        Task.FromResult<IRepairSession>(new IdentityRepairSession(inventory, directory, key, owner, new(installation, owner is { } tenant ? [tenant] : []), (finding, token) => CreateAsync(context, finding, token)));

    private async Task CreateAsync(StepContext context, DriftFinding finding, CancellationToken cancellationToken)
    {
        var tenant = finding.Tenant is { } id ? await tenants.FindAsync(new TenantId(id), cancellationToken) : null;
        if (tenant is null)
            throw DriftFailures.NotMade($"The registry does not know the tenant of '{finding.Key.Name}'.", "Scan for drift again.");
        // The administrator's step looks the organisation up, as it does when an operator has skipped the step before.
        var one = context.For(tenant, new StepInputs { Asked = [StepNames.Identity] });
        await creation.ExecuteAsync(one, cancellationToken);
        await administrator.ExecuteAsync(one, cancellationToken);
    }
}

/// <summary>Work on one organisation. It is found by the tenant's id that it bears.</summary>
internal sealed class IdentityRepairSession(
    IdentityInventory inventory, IDirectory directory, DriftKey key, Guid? owner, InventoryScope scope, Func<DriftFinding, CancellationToken, Task> create) : IRepairSession
{
    private const string Name = "name";

    // Organisations of the same tenant with other aliases.
    private int others;

    private string Several => $"Several organisations bear the id of the tenant {owner}, so that none of them is changed by it. Look which one is right, and delete the others in the directory.";

    private TenantId Owner => new(owner ?? throw new InvalidOperationException($"It is not known whose the organisation '{key.Name}' was."));

    public async Task<FoundThing?> LookAsync(CancellationToken cancellationToken) =>
        await FindAsync(cancellationToken) is { } found ? inventory.Describe(found, scope) : null;

    public async Task SetRightAsync(DriftFinding finding, CancellationToken cancellationToken)
    {
        if (finding.Kind == DriftKind.Missing)
            await create(finding, cancellationToken);
        else if (finding.Differences.Any(d => d.Expected == DriftFacts.Yes))
            await directory.EnableOrganizationAsync(Owner, cancellationToken);
        else
            await directory.DisableOrganizationAsync(Owner, cancellationToken);
    }

    // All else about an organisation is done by the tenant's id.
    public string? WhyNot(FoundThing found) => others > 0 ? Several
        : Slug.TryParse(found.Key.Name, out _) ? null
        : $"Its alias is none that this installation gives: {Slug.Rule}. Look whose it is, and disable or delete it in the directory by hand.";

    public string Rename(Guid quarantine) => key.Name;

    public async Task<IReadOnlyDictionary<string, string>> StateAsync(CancellationToken cancellationToken)
    {
        var state = new Dictionary<string, string>(StringComparer.Ordinal);
        if (await directory.FindOrganizationAsync(Owner, cancellationToken) is { } found)
            (state[DriftFacts.Enabled], state[Name]) = (DriftFacts.Of(found.Enabled), found.Name);
        return state;
    }

    public async Task<bool> BarAsync(QuarantinedThing thing, CancellationToken cancellationToken) =>
        await directory.DisableOrganizationAsync(Owner, cancellationToken) is not null && await RenameAsync(QuarantinedThing.NameOf(thing.Id), cancellationToken);

    public async Task ReleaseAsync(QuarantinedThing thing, CancellationToken cancellationToken)
    {
        if (!thing.Was.TryGetValue(Name, out var name))
            return;
        // One with another alias was disabled by an earlier version, and never renamed.
        if ((!Slug.TryParse(key.Name, out _) || await RenameAsync(name, cancellationToken)) && thing.Was.GetValueOrDefault(DriftFacts.Enabled) == DriftFacts.Yes)
            await directory.EnableOrganizationAsync(Owner, cancellationToken);
    }

    public async Task<bool?> IsBarredAsync(QuarantinedThing thing, CancellationToken cancellationToken) =>
        await FindAsync(cancellationToken) is { Organization: var found } ? !found.Enabled && found.Name == QuarantinedThing.NameOf(thing.Id) : null;

    public async Task<string?> RemoveAsync(QuarantinedThing thing, CancellationToken cancellationToken)
    {
        // The directory would not say which one it removes.
        await FindAsync(cancellationToken);
        if (others > 0)
            return Several;
        await directory.DeleteOrganizationAsync(Owner, cancellationToken);
        return null;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<TenantOrganization?> FindAsync(CancellationToken cancellationToken)
    {
        TenantOrganization? found = null;
        others = 0;
        await foreach (var one in directory.OrganizationsAsync(Owner, cancellationToken))
        {
            if (one.Organization.Alias == key.Name)
                found = one;
            else
                others++;
        }

        return found;
    }

    // The directory lets nobody change the alias.
    private async Task<bool> RenameAsync(string name, CancellationToken cancellationToken) =>
        await directory.FindOrganizationAsync(Owner, cancellationToken) is { } found && await directory.UpdateOrganizationAsync(
            new() { Wanted = new(Owner, Slug.Parse(found.Alias), name, null, found.Description), Add = [], Remove = [] }, cancellationToken) is not null;
}
