using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity;

/// <summary>Takes the administrator that an update replaced out of the organisation's administrators. The user stays a member.</summary>
internal sealed class RetireAdministratorStep(IDirectory directory, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.RetireAdministrator;

    public TimeSpan LingersFor => directory.LingersFor;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.Keycloak];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        TenantChange? change;
        await using (var reading = await leases.BeginAsync(context.Lease, cancellationToken))
            change = await TenantChangeRows.FindAsync(reading, context.OperationId, cancellationToken);
        if (change is not { NewAdministrator: not null } || change.OldText(TenantField.AdminEmail) is not { } former)
            return null;
        await ChangeAdministratorStep.EndAdministersAsync(directory, context, former, cancellationToken);
        // The tenant needs the user no longer, so whoever made it for another tenant may delete it.
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await AdministratorClaims.EndAsync(transaction, context.Lease, context.TenantId, former, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new { Former = former };
    }

    /// <summary>Never asked for: it runs after the pivot.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
