using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity;

/// <summary>Gives the tenant its first administrator: a user, a member of the organisation, with the role.</summary>
public sealed class AdministratorStep(IDirectory directory, LeasedTransactions registry) : IStep
{
    public string Name => StepNames.Administrator;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.Keycloak];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellation)
    {
        var tenant = context.Tenant;
        var user = await directory.EnsureAdministratorAsync(tenant.Id, tenant.AdminEmail, cancellation)
            ?? throw DirectoryFailures.Missing(tenant.Id, "identity");
        await RecordAsync(context, user.Id, cancellation);
        // Last, so that an attempt that fails earlier mails nothing; a user of somebody else's is not bothered at all.
        var mailed = user.MadeFor == tenant.Id && user.RequiredActions.Count > 0
            && await directory.SendRequiredActionsAsync(user, cancellation);
        return new { userId = user.Id, madeForTenant = user.MadeFor == tenant.Id, mailed };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellation)
    {
        await directory.ReleaseUserAsync(context.TenantId, context.Tenant.AdminEmail, cancellation);
        await RecordAsync(context, null, cancellation);
    }

    private async Task RecordAsync(StepContext context, string? userId, CancellationToken cancellation)
    {
        await using var transaction = await registry.BeginAsync(context.Lease, cancellation);
        await transaction.ExecuteAsync(
            """
            update tenants set admin_user_id = @userId, version = version + 1, updated_at = now()
            where id = @Id and admin_user_id is distinct from @userId
            """,
            new { Id = context.TenantId.Value, userId }, cancellation);
        await transaction.CommitAsync(cancellation);
    }
}
