using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity;

/// <summary>
/// Makes the users that an earlier step has recorded members of the tenant's organisation. Who is one already is left alone. The compensation ends
/// the memberships that this step made, and deletes no user.
/// </summary>
internal sealed class AddMembersStep(IDirectory directory, LeasedTransactions registry) : IStep
{
    private const int Batch = 50;

    public string Name => StepNames.AddMembers;

    public TimeSpan LingersFor => directory.LingersFor;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.Keycloak];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = registry.Guard(context.Lease);
        var organization = await directory.FindOrganizationAsync(context.TenantId, cancellationToken) ?? throw DirectoryFailures.Missing(context.TenantId, directory.System);
        var users = await ListAsync(context, cancellationToken);
        var (done, added) = (0, 0);
        foreach (var batch in users.Chunk(Batch))
        {
            var adding = batch.Where(u => u.Added).ToList();
            foreach (var user in batch.Where(u => !u.Added))
            {
                if (!await directory.IsMemberAsync(organization.Id, user.UserId, cancellationToken))
                    adding.Add(user);
            }

            // Before the first of them is a member, so that an attempt that dies here is undone, too.
            await SetAddedAsync(context, adding, added: true, cancellationToken);
            foreach (var user in adding)
            {
                await ClaimAsync(context, user, cancellationToken);
                await directory.EnsureMemberAsync(organization.Id, user.UserId, cancellationToken);
                await EndClaimAsync(context, user, cancellationToken);
            }

            (done, added) = (done + batch.Length, added + adding.Count);
            context.Report(done, users.Count, "users", "adding members");
        }

        return new { Added = added, Kept = users.Count - added };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = registry.Guard(context.Lease);
        var users = (await ListAsync(context, cancellationToken)).Where(u => u.Added).ToList();
        if (users.Count == 0)
            return;
        var organization = await directory.FindOrganizationAsync(context.TenantId, cancellationToken);
        foreach (var (index, user) in users.Index())
        {
            if (organization is not null)
                await directory.EndMemberAsync(organization.Id, user.UserId, cancellationToken);
            await EndClaimAsync(context, user, cancellationToken);
            context.Report(index + 1, users.Count, "users", "removing members");
        }

        await SetAddedAsync(context, users, added: false, cancellationToken);
    }

    private async Task<IReadOnlyList<AdoptedMember>> ListAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await registry.BeginAsync(context.Lease, cancellationToken);
        return await AdoptedMemberRows.ListAsync(transaction, context.TenantId, context.OperationId, cancellationToken);
    }

    // Until the user is a member here, the removal of the tenant that the user was made for would find nothing that speaks against a deletion.
    private async Task ClaimAsync(StepContext context, AdoptedMember user, CancellationToken cancellationToken)
    {
        if (ToClaim(context, user) is not { } email)
            return;
        await using (var transaction = await registry.BeginAsync(context.Lease, cancellationToken))
        {
            if (!await AdministratorClaims.ClaimAsync(transaction, context.TenantId, email, cancellationToken))
                throw DirectoryFailures.BeingDeleted(email, directory.System);
            await transaction.CommitAsync(cancellationToken);
        }

        if ((await directory.FindUserAsync(email, cancellationToken))?.Id != user.UserId)
        {
            throw StepFailureException.Permanent(
                FindMembersStep.Unknown, $"The user '{email}' was deleted with the tenant that it was made for.", "Leave the user out, then send the command again.", directory.System);
        }
    }

    private async Task EndClaimAsync(StepContext context, AdoptedMember user, CancellationToken cancellationToken)
    {
        if (ToClaim(context, user) is not { } email)
            return;
        await using var transaction = await registry.BeginAsync(context.Lease, cancellationToken);
        await AdministratorClaims.EndAsync(transaction, context.Lease, context.TenantId, email, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    // The administrator's claim is made already, and lasts.
    private static string? ToClaim(StepContext context, AdoptedMember user) =>
        user.MadeEmail is { } email && !email.Equals(context.Tenant.AdminEmail, StringComparison.OrdinalIgnoreCase) ? email : null;

    private async Task SetAddedAsync(StepContext context, IReadOnlyCollection<AdoptedMember> users, bool added, CancellationToken cancellationToken)
    {
        await using var transaction = await registry.BeginAsync(context.Lease, cancellationToken);
        await AdoptedMemberRows.SetAddedAsync(transaction, context.TenantId, [.. users.Select(u => u.UserId)], added, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
