using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity;

/// <summary>Enables the tenant's organisation as it was. Undone, it is disabled again.</summary>
internal sealed class EnableOrganizationStep(IDirectory directory, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.EnableOrganization;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.Keycloak];

    public TimeSpan LingersFor => directory.LingersFor;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        await directory.EnableOrganizationAsync(context.TenantId, cancellationToken);
        return null;
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        await directory.DisableOrganizationAsync(context.TenantId, cancellationToken);
    }
}
