using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Secrets;
using Saga.Registry.Tenants;
using Saga.Tenancy.Connections;
using Saga.Tenancy.Sealing;
using Saga.Workers.Database.Replicas;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Database.Rotation;

/// <summary>Bars the logins that a rotation has replaced, ends their sessions and drops them.</summary>
internal sealed class RetireLoginStep(PlaceLogins logins, PlacementReplica replica, TenantConnections connections, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.RetireLogin;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var placement = DatabaseStep.PlacementOf(context.Tenant);
        await replica.DropFormerAsync(context, cancellationToken);
        var key = CredentialStore.FormerOf(CredentialKey.Of(context.TenantId, placement.Id, CredentialPurposes.Database));
        CredentialRow? former;
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
            former = await CredentialRows.FindAsync(transaction, key, cancellationToken);
        if (former is null)
            return null;
        if (former.Username == placement.Login)
            throw StepFailureException.Permanent("login-in-use", $"Login '{former.Username}' is in use and recorded as replaced.", "Delete the record of its purpose 'database.former' in tenant_credentials.");

        // This process may have used it as well.
        await connections.CloseAsync(context.TenantId);
        await logins.DropAsync(context, TenantSchema.Of(placement with { Login = former.Username }), cancellationToken);
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            await CredentialStore.DeleteAsync(transaction, key, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return new { Role = former.Username };
    }

    /// <summary>Never asked for: it comes after the pivot.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
