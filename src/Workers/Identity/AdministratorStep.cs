using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity;

/// <summary>Creates the tenant's first administrator: a member of the organisation and of its group of administrators.</summary>
public sealed class AdministratorStep(IDirectory directory, LeasedTransactions registry) : IStep
{
    public string Name => StepNames.Administrator;

    public IReadOnlyList<string> Needs => [StepNames.Identity];

    public TimeSpan LingersFor => directory.LingersFor;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.Keycloak];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = registry.Guard(context.Lease);
        var tenant = context.Tenant;
        await ClaimAsync(context, cancellationToken);
        var user = await EnsureAsync(context, cancellationToken) ?? throw DirectoryFailures.Missing(tenant.Id, directory.System);
        await RecordAsync(context, user.Id, cancellationToken);
        // Last, so that an attempt that fails earlier sends no mail. A user that was not created for this tenant gets none at all.
        var mailed = user.MadeFor == tenant.Id && user.RequiredActions.Count > 0
            && await directory.SendRequiredActionsAsync(user, cancellationToken);
        return new AdministratorOutput { UserId = user.Id, MadeForTenant = user.MadeFor == tenant.Id, Mailed = mailed };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = registry.Guard(context.Lease);
        await directory.ReleaseUserAsync(
            context.TenantId, context.Tenant.AdminEmail, (user, token) => MayDeleteAsync(context, user, token), cancellationToken);
        await RecordAsync(context, null, cancellationToken);
    }

    // Before the user is looked up, so that from then on no other tenant's compensation deletes it.
    private async Task ClaimAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await registry.BeginAsync(context.Lease, cancellationToken);
        if (!await AdministratorClaims.ClaimAsync(transaction, context.TenantId, context.Tenant.AdminEmail, cancellationToken))
            throw DirectoryFailures.BeingDeleted(context.Tenant.AdminEmail, directory.System);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task<bool> MayDeleteAsync(StepContext context, DirectoryUser user, CancellationToken cancellationToken)
    {
        await using var transaction = await registry.BeginAsync(context.Lease, cancellationToken);
        var mayDelete = await AdministratorClaims.ReleaseAsync(
            transaction, context.Lease, context.TenantId, context.Tenant.AdminEmail, user.MadeFor, LingersFor, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return mayDelete;
    }

    // If an operator skipped the organisation's step, the directory looks up the organisation.
    private async Task<DirectoryUser?> EnsureAsync(StepContext context, CancellationToken cancellationToken)
    {
        var tenant = context.Tenant;
        var organization = context.FindOutput<OrganizationOutput>(StepNames.Identity)?.OrganizationId;
        try
        {
            return await directory.EnsureAdministratorAsync(tenant.Id, organization, tenant.AdminEmail, cancellationToken);
        }
        catch (StepFailureException error) when (organization is not null && error.Failure.Kind == FailureKind.Permanent)
        {
            // Somebody may have deleted the organisation after its step.
            if (await directory.FindOrganizationAsync(tenant.Id, cancellationToken) is null)
                return null;
            throw;
        }
    }

    private async Task RecordAsync(StepContext context, string? userId, CancellationToken cancellationToken)
    {
        await using var transaction = await registry.BeginAsync(context.Lease, cancellationToken);
        await TenantRows.SetAdministratorAsync(transaction, context.TenantId, userId, cancellationToken);
        if (userId is null)
            await AdministratorClaims.EndAsync(transaction, context.Lease, context.TenantId, context.Tenant.AdminEmail, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
