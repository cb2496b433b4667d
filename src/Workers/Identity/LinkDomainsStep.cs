using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Registry.Domains;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity;

/// <summary>Gives the tenant's organisation the tenant's proved domains, and takes the one away that the command removed.</summary>
internal sealed class LinkDomainsStep(IDirectory directory, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.LinkDomains;

    public bool NeedsInput => true;

    public TimeSpan LingersFor => directory.LingersFor;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.Keycloak];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        var tenant = context.Tenant;
        IReadOnlyList<string> proved;
        await using (var reading = await leases.BeginAsync(context.Lease, cancellationToken))
            proved = await TenantDomainRows.ListProvedAsync(reading, tenant.Id, cancellationToken);
        var update = new OrganizationUpdate
        {
            Wanted = new(tenant.Id, tenant.Slug, tenant.Name, null, tenant.Description),
            Add = proved,
            // The tenant may have claimed and proved it again meanwhile.
            Remove = context.Input<LinkDomains>().Remove is { } removed ? [.. new[] { removed }.Except(proved, StringComparer.OrdinalIgnoreCase)] : [],
        };
        var organization = await directory.UpdateOrganizationAsync(update, cancellationToken) ?? throw DirectoryFailures.Missing(tenant.Id, directory.System);
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await TenantDomainRows.LinkedAsync(transaction, tenant.Id, proved, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new { OrganizationId = organization.Id, organization.Domains };
    }

    /// <summary>Never asked for: the registry has decided before.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
