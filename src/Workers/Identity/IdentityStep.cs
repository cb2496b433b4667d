using Saga.Contracts.Steps;
using Saga.Registry.Domains;
using Saga.Registry.Drift;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity;

/// <summary>Creates the tenant's organisation.</summary>
public sealed class IdentityStep(IDirectory directory, LeasedTransactions registry, Installation installation) : IStep
{
    public string Name => StepNames.Identity;

    public TimeSpan LingersFor => directory.LingersFor;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.Keycloak];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = registry.Guard(context.Lease);
        var tenant = context.Tenant;
        var organization = await directory.EnsureOrganizationAsync(
            new(tenant.Id, tenant.Slug, tenant.Name, tenant.ProvedDomain, tenant.Description) { Installation = await installation.IdAsync(cancellationToken) }, cancellationToken);
        await RecordAsync(context, organization.Id, cancellationToken);
        return new OrganizationOutput { OrganizationId = organization.Id, Alias = organization.Alias };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = registry.Guard(context.Lease);
        // By the tenant's id, because an attempt that died before its commit did not store the organisation's id in the registry.
        await directory.DeleteOrganizationAsync(context.TenantId, cancellationToken);
        await RecordAsync(context, null, cancellationToken);
    }

    private async Task RecordAsync(StepContext context, string? organizationId, CancellationToken cancellationToken)
    {
        await using var transaction = await registry.BeginAsync(context.Lease, cancellationToken);
        await TenantRows.SetOrganizationAsync(transaction, context.TenantId, organizationId, cancellationToken);
        if (organizationId is not null && context.Tenant.ProvedDomain is { } domain)
            await TenantDomainRows.LinkedAsync(transaction, context.TenantId, [domain], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
