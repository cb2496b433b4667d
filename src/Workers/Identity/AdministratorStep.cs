using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity;

/// <summary>Gives the tenant its first administrator: a user, a member of the organisation, with the role.</summary>
public sealed class AdministratorStep(IDirectory directory, LeasedTransactions registry) : IStep
{
    public string Name => StepNames.Administrator;

    public TimeSpan LingersFor => directory.LingersFor;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.Keycloak];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = registry.Guard(context.Lease);
        var tenant = context.Tenant;
        var user = await directory.EnsureAdministratorAsync(tenant.Id, tenant.AdminEmail, cancellationToken)
            ?? throw DirectoryFailures.Missing(tenant.Id, "identity");
        await RecordAsync(context, user.Id, cancellationToken);
        // Last, so that an attempt that fails earlier mails nothing; a user of somebody else's is not bothered at all.
        var mailed = user.MadeFor == tenant.Id && user.RequiredActions.Count > 0
            && await directory.SendRequiredActionsAsync(user, cancellationToken);
        return new { userId = user.Id, madeForTenant = user.MadeFor == tenant.Id, mailed };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = registry.Guard(context.Lease);
        await directory.ReleaseUserAsync(context.TenantId, context.Tenant.AdminEmail, cancellationToken);
        await RecordAsync(context, null, cancellationToken);
    }

    private async Task RecordAsync(StepContext context, string? userId, CancellationToken cancellationToken)
    {
        await using var transaction = await registry.BeginAsync(context.Lease, cancellationToken);
        await transaction.ExecuteAsync(
            """
            update tenants set admin_user_id = @userId, version = version + 1, updated_at = now()
            where id = @Id and admin_user_id is distinct from @userId
            """,
            new { Id = context.TenantId.Value, userId }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
