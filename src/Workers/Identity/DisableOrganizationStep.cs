using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity;

/// <summary>Disables the tenant's organisation and ends its members' sessions.</summary>
internal sealed class DisableOrganizationStep(IDirectory directory, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.DisableOrganization;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.Keycloak];

    public TimeSpan LingersFor => directory.LingersFor;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        return await directory.DisableOrganizationAsync(context.TenantId, cancellationToken);
    }

    /// <summary>Never asked for: a suspension only goes forward.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
