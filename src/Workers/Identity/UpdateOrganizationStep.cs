using Saga.Contracts.Steps;
using Saga.Registry.Domains;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity;

/// <summary>
/// Gives the tenant's organisation the name and the description of an update, and the tenant's proved domains without the one that the
/// update replaces. The compensation gives it the former ones.
/// </summary>
internal sealed class UpdateOrganizationStep(IDirectory directory, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.UpdateOrganization;

    public TimeSpan LingersFor => directory.LingersFor;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.Keycloak];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        if (await FindAsync(context, cancellationToken) is not ({ } change, var proved))
            return null;
        string[] former = change.OldText(TenantField.Domain) is { } domain ? [domain] : [];
        var update = new OrganizationUpdate { Wanted = Wanted(context.Tenant, change, after: true), Add = [.. proved.Except(former, StringComparer.Ordinal)], Remove = former };
        var organization = await directory.UpdateOrganizationAsync(update, cancellationToken) ?? throw DirectoryFailures.Missing(context.TenantId, directory.System);
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await TenantDomainRows.LinkedAsync(transaction, context.TenantId, update.Add, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new { OrganizationId = organization.Id, organization.Name, organization.Domains };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        if (await FindAsync(context, cancellationToken) is ({ } change, var proved))
            await directory.UpdateOrganizationAsync(new() { Wanted = Wanted(context.Tenant, change, after: false), Add = proved, Remove = [] }, cancellationToken);
    }

    // Null when the operation changes nothing that the organisation shows.
    private async Task<(TenantChange Change, IReadOnlyList<string> Proved)?> FindAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        return await TenantChangeRows.FindAsync(transaction, context.OperationId, cancellationToken) is { } change
            && (change.Has(TenantField.Name) || change.Has(TenantField.Description) || change.Has(TenantField.Domain))
            ? (change, await TenantDomainRows.ListProvedAsync(transaction, context.TenantId, cancellationToken))
            : null;
    }

    private static OrganizationSpec Wanted(Tenant tenant, TenantChange change, bool after)
    {
        string? Text(string field) => after ? change.NewText(field) : change.OldText(field);
        return new(tenant.Id, tenant.Slug, Text(TenantField.Name) ?? tenant.Name, null, change.Has(TenantField.Description) ? Text(TenantField.Description) : tenant.Description);
    }
}
