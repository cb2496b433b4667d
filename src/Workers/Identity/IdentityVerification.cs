using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;
using Saga.Workers.Verification;

namespace Saga.Workers.Identity;

/// <summary>Verifies that the tenant's organisation exists and is enabled, and that the administrator belongs to it and to its group of administrators.</summary>
public sealed class IdentityVerification(IDirectory directory) : IVerification
{
    public const string Failed = "identity-unverified";

    public string Name => "identity";

    public string? System(Tenant tenant) => SystemNames.Keycloak;

    public async Task VerifyAsync(StepContext context, CancellationToken cancellationToken)
    {
        var tenant = context.Tenant;
        // Queries everything in parallel with the registry's ids. Whether the ids are right is checked below.
        var (organizationId, userId) = (tenant.OrganizationId ?? "", tenant.AdminUserId ?? "");
        var known = organizationId.Length > 0 && userId.Length > 0;
        var finding = directory.FindOrganizationAsync(tenant.Id, cancellationToken);
        var findingUser = directory.FindUserAsync(tenant.AdminEmail, cancellationToken);
        var belonging = known ? directory.IsMemberAsync(organizationId, userId, cancellationToken) : Task.FromResult(false);
        var administering = known ? directory.AdministersAsync(organizationId, userId, cancellationToken) : Task.FromResult(false);
        await Task.WhenAll(finding, findingUser, belonging, administering);

        var organization = await finding ?? throw DirectoryFailures.Missing(tenant.Id, directory.System);
        Require(organization.Enabled, $"the organisation '{organization.Alias}' is disabled", StepNames.Identity);
        Require(organization.Alias == tenant.Slug.ToString(), $"the organisation's alias is '{organization.Alias}'", StepNames.Identity);
        Require(organization.Id == tenant.OrganizationId, $"the organisation's id is {organization.Id}, and the registry has '{tenant.OrganizationId}'", StepNames.Identity);

        var user = await findingUser;
        Require(user is not null, $"the administrator '{tenant.AdminEmail}' does not exist", StepNames.Administrator);
        Require(user!.Enabled, $"the administrator '{tenant.AdminEmail}' is disabled", StepNames.Administrator);
        Require(user.Id == tenant.AdminUserId, $"the administrator's id is {user.Id}, and the registry has '{tenant.AdminUserId}'", StepNames.Administrator);
        Require(await belonging, $"the administrator '{tenant.AdminEmail}' is not a member of the organisation", StepNames.Administrator);
        Require(await administering, $"the administrator '{tenant.AdminEmail}' is not in the organisation's group {DirectoryGroups.TenantAdmin}", StepNames.Administrator);

        void Require(bool holds, string otherwise, string step)
        {
            if (!holds)
                throw StepFailureException.Permanent(Failed, $"Tenant {tenant.Id}: {otherwise}.", $"Replay the operation from the step '{step}'.", directory.System);
        }
    }
}
