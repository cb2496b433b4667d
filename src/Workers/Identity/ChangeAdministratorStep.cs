using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity;

/// <summary>
/// Makes the user with an update's new address an administrator. The compensation leaves the user as it was found: a user who was a member
/// before stays one.
/// </summary>
internal sealed class ChangeAdministratorStep(IDirectory directory, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.ChangeAdministrator;

    public TimeSpan LingersFor => directory.LingersFor;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.Keycloak];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        if (await EmailAsync(context, cancellationToken) is not { } email)
            return null;
        var organization = await directory.FindOrganizationAsync(context.TenantId, cancellationToken) ?? throw DirectoryFailures.Missing(context.TenantId, directory.System);
        await ClaimAsync(context, email, organization.Id, cancellationToken);
        var user = await directory.EnsureAdministratorAsync(context.TenantId, organization.Id, email, cancellationToken) ?? throw DirectoryFailures.Missing(context.TenantId, directory.System);
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            await TenantRows.SetAdministratorAsync(transaction, context.TenantId, user.Id, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        var mailed = user.MadeFor == context.TenantId && user.RequiredActions.Count > 0 && await directory.SendRequiredActionsAsync(user, cancellationToken);
        return new AdministratorOutput { UserId = user.Id, MadeForTenant = user.MadeFor == context.TenantId, Mailed = mailed };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        if (await EmailAsync(context, cancellationToken) is not { } email)
            return;
        if (await FoundAsync(context, cancellationToken) is var (wasMember, wasAdministrator))
        {
            if (!wasMember)
                await directory.ReleaseUserAsync(context.TenantId, email, (user, token) => MayDeleteAsync(context, email, user, token), cancellationToken);
            else if (!wasAdministrator)
                await EndAdministersAsync(directory, context, email, cancellationToken);
        }

        var former = await FormerAsync(context, cancellationToken) is { } address ? await directory.FindUserAsync(address, cancellationToken) : null;
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await TenantRows.SetAdministratorAsync(transaction, context.TenantId, former?.Id, cancellationToken);
        await AdministratorClaims.EndAsync(transaction, context.Lease, context.TenantId, email, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Takes the user with the address, if there is one, out of the organisation's administrators.</summary>
    internal static async Task EndAdministersAsync(IDirectory directory, StepContext context, string email, CancellationToken cancellationToken)
    {
        if (await directory.FindOrganizationAsync(context.TenantId, cancellationToken) is { } organization && await directory.FindUserAsync(email, cancellationToken) is { } user)
            await directory.EndAdministersAsync(organization.Id, user.Id, cancellationToken);
    }

    private async Task<string?> EmailAsync(StepContext context, CancellationToken cancellationToken) => (await ChangeAsync(context, cancellationToken))?.NewAdministrator;

    private async Task<string?> FormerAsync(StepContext context, CancellationToken cancellationToken) => (await ChangeAsync(context, cancellationToken))?.OldText(TenantField.AdminEmail);

    private async Task<TenantChange?> ChangeAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        return await TenantChangeRows.FindAsync(transaction, context.OperationId, cancellationToken);
    }

    // From the claim on, no other tenant's compensation deletes the user. What the user is before is recorded before anything changes.
    private async Task ClaimAsync(StepContext context, string email, string organization, CancellationToken cancellationToken)
    {
        await using (var claim = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            if (!await AdministratorClaims.ClaimAsync(claim, context.TenantId, email, cancellationToken))
                throw DirectoryFailures.BeingDeleted(email, directory.System);
            await claim.CommitAsync(cancellationToken);
        }

        var user = await directory.FindUserAsync(email, cancellationToken);
        var isMember = user is not null && await directory.IsMemberAsync(organization, user.Id, cancellationToken);
        var isAdministrator = isMember && await directory.AdministersAsync(organization, user!.Id, cancellationToken);
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await TenantChangeRows.RememberAdministratorAsync(transaction, context.OperationId, isMember, isAdministrator, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task<(bool WasMember, bool WasAdministrator)?> FoundAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        return await TenantChangeRows.FindAdministratorAsync(transaction, context.OperationId, cancellationToken);
    }

    private async Task<bool> MayDeleteAsync(StepContext context, string email, DirectoryUser user, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        var mayDelete = await AdministratorClaims.ReleaseAsync(transaction, context.Lease, context.TenantId, email, user.MadeFor, LingersFor, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return mayDelete;
    }
}
