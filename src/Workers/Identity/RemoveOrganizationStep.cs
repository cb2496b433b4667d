using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;
using Saga.Workers.Runtime.Removals;

namespace Saga.Workers.Identity;

/// <summary>
/// Removes the tenant's organisation, and those users that were made for the tenant and belong nowhere else. All others only leave the
/// organisation.
/// </summary>
internal sealed class RemoveOrganizationStep(IDirectory directory, LeasedTransactions registry, TimeProvider time) : IStep
{
    public string Name => StepNames.RemoveOrganization;

    public TimeSpan LingersFor => directory.LingersFor;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.Keycloak];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = registry.Guard(context.Lease);
        var tenant = context.Tenant;
        var found = await Findings.KeepAsync(registry, context, () => LookAsync(tenant, cancellationToken), cancellationToken);
        await directory.RemoveOrganizationAsync(
            tenant.Id, (user, token) => MayDeleteAsync(context, user, token),
            sofar => context.Report(sofar.Users + sofar.Memberships, found.Members, "members", "removing the members"), cancellationToken);
        if (await directory.FindOrganizationAsync(tenant.Id, cancellationToken) is { } left)
            throw RemovalFailures.StillThere("organisations", left.Alias, directory.System);
        var kept = (await directory.CountMembersAsync(tenant.Id, cancellationToken)).MadeForTenant;
        await EndClaimsAsync(context, cancellationToken);
        return new RemovalOutput
        {
            Removed =
            [
                new()
                {
                    Resource = "organization",
                    System = directory.System,
                    Name = tenant.Slug.ToString(),
                    Existed = found.Existed,
                    Counts = new Dictionary<string, long>(StringComparer.Ordinal) { ["members"] = found.Members, ["users"] = found.MadeForTenant - kept },
                    AbsentAt = time.GetUtcNow(),
                },
            ],
        };
    }

    /// <summary>Never asked for: it comes after the pivot.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<Found> LookAsync(Tenant tenant, CancellationToken cancellationToken)
    {
        var members = await directory.CountMembersAsync(tenant.Id, cancellationToken);
        return new(await directory.FindOrganizationAsync(tenant.Id, cancellationToken) is not null, members.Members, members.MadeForTenant);
    }

    // Another tenant may need the user as its administrator, or be about to make it one.
    private async Task<bool> MayDeleteAsync(StepContext context, DirectoryUser user, CancellationToken cancellationToken)
    {
        await using var transaction = await registry.BeginAsync(context.Lease, cancellationToken);
        var mayDelete = await AdministratorClaims.ReleaseAsync(transaction, context.Lease, context.TenantId, user.Email, user.MadeFor, LingersFor, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return mayDelete;
    }

    private async Task EndClaimsAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await registry.BeginAsync(context.Lease, cancellationToken);
        await AdministratorClaims.EndAllAsync(transaction, context.Lease, context.TenantId, context.Tenant.AdminEmail, cancellationToken);
        // Whom an adoption made members.
        await AdoptedMemberRows.DeleteAsync(transaction, context.TenantId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private sealed record Found(bool Existed, long Members, long MadeForTenant);
}
